package io.sparknorm.kernels;

import java.io.Serializable;

/**
 * What a norm divides by: the deviation of a slice, kept away from zero by epsilon.
 *
 * @param variance which variance of the slice
 * @param epsilon at least 0; with 0, a slice without variance gives the bias, not NaN
 * @param placement where epsilon enters
 */
public record Denominator(Variance variance, double epsilon, EpsilonPlacement placement)
    implements Serializable {
  public Denominator {
    if (!(epsilon >= 0) || Double.isInfinite(epsilon)) {
      throw new IllegalArgumentException(
          "Invalid epsilon: %s (must be finite and not negative)".formatted(epsilon));
    }
  }

  /** {@code sqrt(biased variance + epsilon)}, as almost everywhere. */
  public static Denominator insideSqrt(double epsilon) {
    return new Denominator(Variance.BIASED, epsilon, EpsilonPlacement.INSIDE_SQRT);
  }

  /** What to divide by, given the variance. */
  double of(double variance) {
    return placement == EpsilonPlacement.INSIDE_SQRT
        ? Math.sqrt(variance + epsilon)
        : Math.sqrt(variance) + epsilon;
  }

  /** One over the denominator, or 0 where it is 0. */
  double scale(double variance) {
    return reciprocal(of(variance));
  }

  static double reciprocal(double denominator) {
    return denominator == 0 ? 0 : 1 / denominator;
  }
}
