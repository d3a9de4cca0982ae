package io.sparknorm.kernels;

/** What the sum of squared deviations of n values is divided by. */
public enum Variance {
  /** By n: what every norm of the field divides by unless it says otherwise. */
  BIASED,
  /** By n - 1: NaN for a single value. */
  UNBIASED;

  double of(double squaredDeviations, int count) {
    return squaredDeviations / (this == BIASED ? count : count - 1);
  }
}
