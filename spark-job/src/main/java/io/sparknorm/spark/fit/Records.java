package io.sparknorm.spark.fit;

import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** Records as a scan gives them, until the next are asked for. */
sealed interface Records {
  /** One after the other, each until the next; perhaps the same object for all. */
  Iterator<InternalRow> rows();

  /** A record of its own. */
  record Single(InternalRow row) implements Records {
    @Override
    public Iterator<InternalRow> rows() {
      return Collections.singleton(row).iterator();
    }
  }

  /** As many as there are in some columns. */
  record Batch(ColumnarBatch columns) implements Records {
    @Override
    public Iterator<InternalRow> rows() {
      return columns.rowIterator();
    }
  }
}
