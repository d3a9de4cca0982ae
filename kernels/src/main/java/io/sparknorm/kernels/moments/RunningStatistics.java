package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.Coefficients;

/** Moving averages, over the datasets seen so far, of each channel's mean and variance. */
public record RunningStatistics(Coefficients mean, Coefficients variance, long batchesTracked) {
  /** Mean 0 and variance 1, before the first dataset. */
  public static RunningStatistics initial(int channels) {
    throw new UnsupportedOperationException("in the making");
  }

  /** Moves the averages towards one more dataset. */
  public RunningStatistics next(Coefficients mean, Coefficients variance, Momentum momentum) {
    throw new UnsupportedOperationException("in the making");
  }
}
