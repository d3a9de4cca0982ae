package io.sparknorm.kernels;

import io.sparknorm.kernels.moments.Statistics;
import java.util.Optional;

/**
 * The statistics that a dataset has after batch normalisation by its own, channel by channel, and
 * how far rounding may lead away from them.
 *
 * <p>With the scale {@code s = weight / denominator}, the mean becomes the bias and the biased
 * variance {@code v} becomes {@code s^2 * v}. Let {@code u} be the unit roundoff of double
 * precision and {@code U} that of the elements. An element {@code x} of a channel with mean {@code
 * m} is mapped to {@code y = (x - m) * s + bias} in double precision and rounded once more to its
 * type, so that its error is at most {@code U |y| + 4u (|x - m| |s| + |bias|)} and half the least
 * number above 0. Over the channel, the root of the mean squared error is therefore at most
 *
 * <pre>{@code t = U sqrt(bias^2 + s^2 v) + 4u (sqrt(s^2 v) + |bias|) + least}</pre>
 *
 * <p>The mean moves by no more than {@code t + 4u |m| |s|}, for {@code m} itself is rounded to a
 * double, and the variance by no more than {@code 2 t sqrt(s^2 v) + t^2 + 8u s^2 v}, and {@code
 * s^2} times the least double above 0, for {@code v} may be rounded to a subnormal one. Twice that
 * is tolerated.
 */
public final class PromisedStatistics {
  private static final double U = 0x1p-53;
  private static final double SLACK = 2;

  private final Statistics before;
  private final double[] mean;
  private final double[] variance;
  private final double[] meanTolerance;
  private final double[] varianceTolerance;

  private PromisedStatistics(BatchNorm norm, Statistics before, double roundoff, double least) {
    int channels = before.channels();
    double[] weight = norm.affine().weight().orElse(1, channels);
    this.before = before;
    this.mean = norm.affine().bias().orElse(0, channels).clone();
    this.variance = new double[channels];
    this.meanTolerance = new double[channels];
    this.varianceTolerance = new double[channels];
    for (int c = 0; c < channels; c++) {
      double scale =
          Math.abs(norm.denominator().scale(before.variance(norm.variance()).get(c)) * weight[c]);
      // In this order: the square of a scale may be out of range where its product with v is not.
      variance[c] = scale * before.biasedVariance().get(c) * scale;
      double deviation = Math.sqrt(variance[c]);
      double error =
          roundoff * Math.hypot(mean[c], deviation)
              + 4 * U * (deviation + Math.abs(mean[c]))
              + least;
      meanTolerance[c] = SLACK * (error + 4 * U * Math.abs(before.mean().get(c)) * scale);
      varianceTolerance[c] =
          SLACK
              * (2 * error * deviation
                  + error * error
                  + 8 * U * variance[c]
                  + scale * Double.MIN_VALUE * scale);
    }
  }

  /** Whether a norm promises a mean and variance: batch normalisation without an activation. */
  public static boolean areOf(Norm norm) {
    return norm instanceof BatchNorm batch && batch.activation() == Activation.NONE;
  }

  /**
   * What a norm promises of a dataset.
   *
   * @param before the dataset's statistics, which it is normalised by
   * @param single whether the results are rounded to single precision
   * @return empty if the norm promises nothing
   */
  public static Optional<PromisedStatistics> of(Norm norm, Statistics before, boolean single) {
    return areOf(norm)
        ? Optional.of(
            new PromisedStatistics(
                (BatchNorm) norm,
                before,
                single ? 0x1p-24 : U,
                single ? Float.MIN_VALUE : Double.MIN_VALUE))
        : Optional.empty();
  }

  /**
   * A promise that is not kept.
   *
   * @param what count, mean or variance
   * @param tolerance how far {@code found} may be from {@code expected}
   */
  public record Breach(int channel, String what, double expected, double found, double tolerance) {}

  /**
   * Compares with what is found after normalisation. Channels that had no finite statistics before
   * are passed over.
   *
   * @return the first breach, empty if every promise is kept
   */
  public Optional<Breach> breach(Statistics found) {
    for (int c = 0; c < variance.length; c++) {
      if (!Double.isNaN(variance[c])) {
        Optional<Breach> breach = breach(found, c);
        if (breach.isPresent()) {
          return breach;
        }
      }
    }

    return Optional.empty();
  }

  private Optional<Breach> breach(Statistics found, int c) {
    return compare(c, "count", (double) before.count(c), (double) found.count(c), 0)
        .or(() -> compare(c, "mean", mean[c], found.mean().get(c), meanTolerance[c]))
        .or(
            () ->
                compare(
                    c,
                    "variance",
                    variance[c],
                    found.biasedVariance().get(c),
                    varianceTolerance[c]));
  }

  private static Optional<Breach> compare(
      int channel, String what, double expected, double found, double tolerance) {
    // A found NaN is a breach.
    return Math.abs(found - expected) <= tolerance
        ? Optional.empty()
        : Optional.of(new Breach(channel, what, expected, found, tolerance));
  }
}
