package io.sparknorm.kernels;

/**
 * Mean and unbiased variance of each channel of one record, in double precision, as instance
 * normalisation with running statistics averages them over records.
 *
 * <p>A channel with a NaN or an infinity has a NaN mean or variance. The {@code ofPresent} forms
 * leave NaN elements out; a channel then left with fewer than two values has no variance.
 */
public final class InstanceStatistics {
  private final SliceMoments moments;

  private InstanceStatistics(SliceMoments moments) {
    this.moments = moments;
  }

  private static void check(TensorView view) {
    if (view.channelLength() == 1) {
      throw new IllegalArgumentException(
          "Cannot take instance statistics: each channel of a record has a single value (at least 2"
              + " are needed for the unbiased variance)");
    }
  }

  /**
   * Takes the statistics of a record.
   *
   * @throws IllegalArgumentException if a channel has a single value
   */
  public static InstanceStatistics of(float[] x, TensorView view) {
    check(view);
    return new InstanceStatistics(Apart.moments(LoopsProvider.best().floats(), x, view));
  }

  /** As {@link #of(float[], TensorView)}. */
  public static InstanceStatistics of(double[] x, TensorView view) {
    check(view);
    return new InstanceStatistics(Apart.moments(LoopsProvider.best().doubles(), x, view));
  }

  /** As {@link #of(float[], TensorView)}, without the elements that are NaN. */
  public static InstanceStatistics ofPresent(float[] x, TensorView view) {
    check(view);
    return new InstanceStatistics(
        SliceMoments.ofPresent(LoopsProvider.best().floats(), x, 0, view));
  }

  /** As {@link #of(float[], TensorView)}, without the elements that are NaN. */
  public static InstanceStatistics ofPresent(double[] x, TensorView view) {
    check(view);
    return new InstanceStatistics(
        SliceMoments.ofPresent(LoopsProvider.best().doubles(), x, 0, view));
  }

  /** Whether the channel has the two values that an unbiased variance takes. */
  public boolean hasVariance(int channel) {
    return moments.count[channel] > 1;
  }

  public double mean(int channel) {
    return moments.mean[channel] + moments.meanLow[channel];
  }

  public double unbiasedVariance(int channel) {
    return Variance.UNBIASED.of(moments.squares[channel], moments.count[channel]);
  }
}
