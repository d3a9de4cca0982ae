package io.sparknorm.spark.config;

/** What a job does with its data; each command needs other parts of the job file. */
public enum Command {
  /** Collects statistics and publishes a model. */
  FIT,
  /** Normalises by a model, or by a norm that needs none. */
  APPLY,
  /** Fits and applies. */
  RUN;

  /** Whether a model is published. */
  public boolean fits() {
    return this != APPLY;
  }

  /** Whether an output is written. */
  public boolean applies() {
    return this != FIT;
  }
}
