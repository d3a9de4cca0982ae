package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import java.util.Arrays;

/**
 * Count, mean and both variances of each channel. Derived from {@link Moments}, mean and variances
 * are the exact rational numbers, each rounded once to the nearest double:
 *
 * <ul>
 *   <li>no finite value: mean and variances are NaN, the count is 0;
 *   <li>one value: the biased variance is 0, the unbiased one NaN;
 *   <li>equal values: both variances are exactly 0, and no variance is ever negative;
 *   <li>NaN, or infinities of both signs: mean and variances are NaN;
 *   <li>infinities of one sign: the mean is that infinity, the variances are NaN;
 *   <li>a variance beyond the range of a double is {@link Double#POSITIVE_INFINITY}.
 * </ul>
 *
 * @param counts how many finite values, at least 0; one per channel, as in the other three
 */
public record Statistics(
    long[] counts, Coefficients mean, Coefficients biasedVariance, Coefficients unbiasedVariance) {
  /**
   * Takes saved values.
   *
   * @throws IllegalArgumentException if the sizes differ or a count is negative
   */
  public Statistics {
    counts = counts.clone();
    int channels = counts.length;
    if (mean.size() != channels
        || biasedVariance.size() != channels
        || unbiasedVariance.size() != channels) {
      throw new IllegalArgumentException(
          "Invalid statistics: %d counts, %d means, %d biased and %d unbiased variances (one per"
                  .formatted(channels, mean.size(), biasedVariance.size(), unbiasedVariance.size())
              + " channel each)");
    }

    for (long count : counts) {
      if (count < 0) {
        throw new IllegalArgumentException(
            "Invalid count: %d (must not be negative)".formatted(count));
      }
    }
  }

  static Statistics of(ChannelMoments[] channels) {
    long[] counts = new long[channels.length];
    double[] mean = new double[channels.length];
    double[] biased = new double[channels.length];
    double[] unbiased = new double[channels.length];
    for (int c = 0; c < channels.length; c++) {
      ChannelMoments channel = channels[c];
      long n = channel.count();
      counts[c] = n;
      mean[c] = mean(channel);
      biased[c] = Double.NaN;
      unbiased[c] = Double.NaN;
      if (n > 0 && nonFinite(channel) == 0) {
        Ratio deviations = channel.squaredDeviations();
        biased[c] = deviations.dividedBy(n).doubleValue();
        unbiased[c] = n == 1 ? Double.NaN : deviations.dividedBy(n - 1).doubleValue();
      }
    }

    return new Statistics(
        counts, Coefficients.of(mean), Coefficients.of(biased), Coefficients.of(unbiased));
  }

  private static double mean(ChannelMoments channel) {
    double nonFinite = nonFinite(channel);
    if (nonFinite != 0) {
      return nonFinite;
    }

    return channel.count() == 0 ? Double.NaN : channel.mean().doubleValue();
  }

  /** The sum of the values that are not finite, 0 if there are none. */
  private static double nonFinite(ChannelMoments channel) {
    return (channel.nanCount() > 0 ? Double.NaN : 0)
        + (channel.positiveInfinityCount() > 0 ? Double.POSITIVE_INFINITY : 0)
        + (channel.negativeInfinityCount() > 0 ? Double.NEGATIVE_INFINITY : 0);
  }

  public int channels() {
    return counts.length;
  }

  public long count(int channel) {
    return counts[channel];
  }

  /** A copy. */
  @Override
  public long[] counts() {
    return counts.clone();
  }

  public Coefficients variance(Variance kind) {
    return switch (kind) {
      case BIASED -> biasedVariance;
      case UNBIASED -> unbiasedVariance;
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Statistics that
        && Arrays.equals(counts, that.counts)
        && mean.equals(that.mean)
        && biasedVariance.equals(that.biasedVariance)
        && unbiasedVariance.equals(that.unbiasedVariance);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(counts) + mean.hashCode();
  }

  @Override
  public String toString() {
    return "Statistics[%d channels, mean=%s, biasedVariance=%s]"
        .formatted(channels(), mean, biasedVariance);
  }
}
