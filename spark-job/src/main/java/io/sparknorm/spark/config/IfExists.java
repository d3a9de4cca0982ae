package io.sparknorm.spark.config;

/** What happens to an output that is there before the job. */
public enum IfExists {
  /** Stop: nothing is read or written. */
  FAIL,
  /** Publish the new result in its place. */
  REPLACE,
  /** Replace the partitions that the new result has, and leave the others. */
  REPLACE_PARTITIONS,
  /** Leave it, and leave with success. */
  SKIP;

  /** The name as it stands in a job file, such as {@code replace-partitions}. */
  public String key() {
    return Names.of(this);
  }
}
