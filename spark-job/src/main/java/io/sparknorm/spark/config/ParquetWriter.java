package io.sparknorm.spark.config;

/** What writes a path of Parquet files. Readers see no difference. */
public enum ParquetWriter {
  /** Ours, which writes tensor columns page by page. */
  BULK,
  /** Spark's own, element by element. */
  SPARK
}
