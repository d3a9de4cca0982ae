package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;

/** Count, mean and both variances of each channel. */
public record Statistics(
    long[] counts, Coefficients mean, Coefficients biasedVariance, Coefficients unbiasedVariance) {
  public int channels() {
    return mean.size();
  }

  public long count(int channel) {
    return counts[channel];
  }

  public Coefficients variance(Variance kind) {
    return kind == Variance.BIASED ? biasedVariance : unbiasedVariance;
  }
}
