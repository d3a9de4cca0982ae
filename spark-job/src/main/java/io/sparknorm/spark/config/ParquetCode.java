package io.sparknorm.spark.config;

import io.sparknorm.spark.parquet.BulkParquetFormat;

/** Whose code reads or writes a path of Parquet files. What they hold does not depend on it. */
public enum ParquetCode {
  /** Ours, which takes tensor columns page by page. */
  BULK,
  /** Spark's own, element by element. */
  SPARK;

  /** The data source for a format that a job names. */
  public String source(String format) {
    return this == BULK && format.equalsIgnoreCase("parquet") ? BulkParquetFormat.NAME : format;
  }
}
