package io.sparknorm.spark.output;

import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.models.InputIdentity;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Where a run's result goes. It is staged out of readers' sight, then published whole, or
 * discarded; a reader sees the complete old result, the complete new one, or for an instant none.
 */
public sealed interface Output permits PathOutput, TableOutput {
  /** What stands at the output before a run. */
  enum Existing {
    NOTHING,
    /** The complete result of the same run: the same configuration on the same input. */
    SAME_RUN,
    /** Anything else. */
    OTHER
  }

  /**
   * The output that a job file describes; touches nothing.
   *
   * @param runIdentity the identity of the run that wants to publish, at least 16 characters
   */
  static Output of(SparkSession spark, OutputSpec spec, String runIdentity) {
    return spec.table().isPresent()
        ? new TableOutput(spark, spec, runIdentity)
        : new PathOutput(spec, runIdentity, spark.sparkContext().hadoopConfiguration());
  }

  /** The path or the table, as the user wrote it. */
  String location();

  /** Whether the input is, or lies within, what publishing would replace. */
  boolean holds(InputIdentity input);

  /** Says what is there, after putting back what an interrupted replacement had set aside. */
  Existing existing();

  /** Writes the rows out of readers' sight. */
  void stage(Dataset<Row> rows);

  /**
   * Makes the staged rows the output.
   *
   * @throws io.sparknorm.spark.JobException with status CONFLICT if somebody else published first
   */
  void publish();

  /** Removes what was staged, whether or not it was published; does nothing a second time. */
  void discard();
}
