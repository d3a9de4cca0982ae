package io.sparknorm.spark.parquet;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.Map;

/**
 * What Spark asks of a scan.
 *
 * @param required the columns to read; those that part the files follow them
 * @param isFiltered whether pages may be skipped that have no row that is wanted
 */
record Scan(
    SparkSession session,
    StructType required,
    boolean isFiltered,
    Map<String, String> options,
    Configuration conf) {
  /** The option by which Spark says whether it takes batches or rows. */
  private static final String RETURNING_BATCH = "returning_batch";

  /** Whether Spark takes batches of all rows of files that need no key. */
  boolean takesWholeBatches() {
    Option<String> batches = options.get(RETURNING_BATCH);
    return batches.isDefined()
        && Boolean.parseBoolean(batches.get())
        && !isFiltered
        && !conf.getBoolean("spark.sql.parquet.fieldId.read.enabled", false)
        && conf.get("parquet.crypto.factory.class") == null;
  }
}
