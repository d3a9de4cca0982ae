package io.sparknorm.spark.config;

/** What happens to an output that is there before the job. */
public enum IfExists {
  /** Stop: nothing is read or written. */
  FAIL,
  /** Publish the new result in its place. */
  REPLACE,
  /** Leave it, and leave with success. */
  SKIP
}
