package io.sparknorm.kernels;

/** A norm that needs, per channel, the mean and variance of the whole dataset. */
public sealed interface DatasetNorm extends Norm permits BatchNorm, EvoNormB {
  /** Which variance of the dataset enters the denominator. */
  Variance variance();

  /** What is added to the variance, or to the deviation, before dividing. */
  double epsilon();

  /** Whether fitting moves running statistics: not where the norm never looks at them. */
  boolean movesRunningStatistics();

  /**
   * Binds the norm to the shape of the records and the statistics of the dataset, either its own or
   * running ones.
   *
   * @param mean one value per channel
   * @param variance one value per channel, of the kind that {@link #variance()} names
   * @throws IllegalArgumentException if parameters or statistics do not fit the shape
   */
  Normalizer normalizer(TensorShape shape, Coefficients mean, Coefficients variance);

  /**
   * The same norm with its parameters written out, one per channel: normalizers that are bound to
   * different statistics then have them in common.
   */
  DatasetNorm filled(int channels);

  /** Throws unless the statistics have one value per channel. */
  static void checkStatistics(TensorShape shape, Coefficients mean, Coefficients variance) {
    if (mean.size() != shape.channels() || variance.size() != shape.channels()) {
      throw new IllegalArgumentException(
          "Invalid statistics: %d means and %d variances (expected %d, one per channel)"
              .formatted(mean.size(), variance.size(), shape.channels()));
    }
  }
}
