package io.sparknorm.spark.config;

/** What is verified of an output before it is published. */
public enum Verify {
  /** That as many records were written as were read and not dropped. */
  RECORDS,
  /** That too, and by reading back what was written, that it is what the norm promises. */
  STATISTICS
}
