package io.sparknorm.spark.parquet;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/** Kept apart from {@link ParquetFiles}, because Spark sends this to its tasks. */
final class SparkRows {
  private SparkRows() {}

  static byte[] bytes(InternalRow row) {
    return ((UnsafeRow) row.copy()).getBytes();
  }
}
