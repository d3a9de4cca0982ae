package io.sparknorm.spark.config;

/** Which statistics to normalise by. */
public enum Mode {
  /** The fitted dataset's own. */
  TRAIN,
  /** The running ones where they are kept, else the fitted dataset's own. */
  EVAL
}
