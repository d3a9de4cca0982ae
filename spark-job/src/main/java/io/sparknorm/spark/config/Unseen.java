package io.sparknorm.spark.config;

/** What becomes of a record whose group the fit has not seen. */
public enum Unseen {
  /** The job stops and names the group. */
  FAIL,
  /** It is normalised by the statistics of all records together. */
  GLOBAL,
  /** It stays as it is. */
  IDENTITY;

  /** As job files write it. */
  public String key() {
    return Names.of(this);
  }
}
