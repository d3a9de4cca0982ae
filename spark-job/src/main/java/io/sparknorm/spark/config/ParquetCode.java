package io.sparknorm.spark.config;

/** Whose code reads or writes a path of Parquet files. What they hold does not depend on it. */
public enum ParquetCode {
  /** Ours, which takes tensor columns page by page. */
  BULK,
  /** Spark's own, element by element. */
  SPARK
}
