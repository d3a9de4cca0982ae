package io.sparknorm.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * Spark's batches of the other columns, with the tensors put in. Spark's reader says how many rows
 * a batch has; none crosses the end of a row group.
 */
final class TensorBatches extends AbstractIterator<Object> implements Closeable {
  private final Iterator<?> others;
  private final TensorFileReader tensors;
  private final TensorSplit split;

  TensorBatches(Iterator<?> others, TensorFileReader tensors, TensorSplit split) {
    this.others = others;
    this.tensors = tensors;
    this.split = split;
  }

  @Override
  public boolean hasNext() {
    if (others.hasNext()) {
      return true;
    }
    tensors.close();
    return false;
  }

  @Override
  public ColumnarBatch next() {
    ColumnarBatch batch = (ColumnarBatch) others.next();
    try {
      tensors.read(batch.numRows());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new ColumnarBatch(split.join(batch, tensors), batch.numRows());
  }

  @Override
  public void close() throws IOException {
    tensors.close();
    if (others instanceof Closeable closeable) {
      closeable.close();
    }
  }
}
