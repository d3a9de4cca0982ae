package io.sparknorm.spark.app;

import io.sparknorm.spark.config.JobSpec;
import org.apache.spark.sql.SparkSession;

/** What a job does with a session. */
final class Operations {
  private Operations() {}

  static void carryOut(SparkSession spark, JobSpec job) {
    throw new UnsupportedOperationException(
        "in the making: %s on %s".formatted(job.command(), spark));
  }
}
