package io.sparknorm.spark.fit;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.CreateArray;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** What is selected of a scan and needs no row to be made for it. Each task has its own. */
sealed interface ViewedColumn extends Serializable permits ViewedColumn.Chosen, NumberArrays {
  /** Its values in a batch of the scan, until the next batch. */
  ColumnVector of(ColumnarBatch batch);

  /**
   * Nothing for what has to be computed otherwise.
   *
   * @param scanned the columns of the batches
   */
  static Optional<ViewedColumn> find(Expression selected, List<Attribute> scanned) {
    if (selected instanceof Attribute column) {
      return Optional.of(new Chosen(ordinal(column, scanned)));
    }

    return selected instanceof Alias alias && alias.child() instanceof CreateArray array
        ? NumberArrays.find(array, scanned)
        : Optional.empty();
  }

  /** Where the batches have a column, or -1. */
  static int ordinal(Attribute column, List<Attribute> scanned) {
    return scanned.stream().map(Attribute::exprId).toList().indexOf(column.exprId());
  }

  /** A column as it is. */
  record Chosen(int ordinal) implements ViewedColumn {
    @Override
    public ColumnVector of(ColumnarBatch batch) {
      return batch.column(ordinal);
    }
  }
}
