package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import java.util.Arrays;

/**
 * Moving averages, over the datasets seen so far, of each channel's mean and variance ({@code
 * running_mean}, {@code running_var} and {@code num_batches_tracked} of {@code
 * torch.nn.BatchNorm2d}).
 *
 * @param mean one value per channel
 * @param variance one value per channel
 * @param batchesTracked how many datasets have entered, at least 0
 */
public record RunningStatistics(Coefficients mean, Coefficients variance, long batchesTracked) {
  public RunningStatistics {
    if (mean.size() != variance.size()) {
      throw new IllegalArgumentException(
          "Invalid running statistics: %d means and %d variances (one per channel each)"
              .formatted(mean.size(), variance.size()));
    }

    if (batchesTracked < 0) {
      throw new IllegalArgumentException(
          "Invalid number of batches tracked: %d (must not be negative)".formatted(batchesTracked));
    }
  }

  /** Mean 0 and variance 1, before the first dataset. */
  public static RunningStatistics initial(int channels) {
    double[] ones = new double[channels];
    Arrays.fill(ones, 1);
    return new RunningStatistics(Coefficients.of(new double[channels]), Coefficients.of(ones), 0);
  }

  /**
   * Moves the averages towards one more dataset.
   *
   * @param kind which of the dataset's variances enters
   * @throws IllegalArgumentException if the numbers of channels differ, or a channel has too few
   *     values to have a mean and a variance of that kind
   */
  public RunningStatistics next(Statistics dataset, Variance kind, Momentum momentum) {
    for (int c = 0; c < dataset.channels(); c++) {
      if (dataset.count(c) == 0) {
        throw new IllegalArgumentException(
            "Cannot update the running statistics: channel %d has no values".formatted(c));
      }

      if (dataset.count(c) == 1 && kind == Variance.UNBIASED) {
        throw new IllegalArgumentException(
            "Cannot update the running variance: channel %d has one value (the unbiased variance needs"
                    .formatted(c)
                + " at least 2)");
      }
    }

    return next(dataset.mean(), dataset.variance(kind), momentum);
  }

  /**
   * Moves the averages towards one more dataset.
   *
   * @throws IllegalArgumentException if the numbers of channels differ, or a mean or variance is
   *     not finite: it would stay in the averages for ever
   */
  public RunningStatistics next(
      Coefficients datasetMean, Coefficients datasetVariance, Momentum momentum) {
    checkChannels(datasetMean.size());
    checkChannels(datasetVariance.size());
    for (int c = 0; c < datasetMean.size(); c++) {
      if (!Double.isFinite(datasetMean.get(c)) || !Double.isFinite(datasetVariance.get(c))) {
        throw new IllegalArgumentException(
            "Cannot update the running statistics: channel %d has mean %s and variance %s, which would"
                    .formatted(c, datasetMean.get(c), datasetVariance.get(c))
                + " stay in them for ever (leave out or mend what is not finite)");
      }
    }

    double weight = momentum.weightOf(batchesTracked + 1);
    return new RunningStatistics(
        moved(mean, datasetMean, weight),
        moved(variance, datasetVariance, weight),
        batchesTracked + 1);
  }

  private void checkChannels(int found) {
    if (found != mean.size()) {
      throw new IllegalArgumentException(
          "Cannot update the running statistics: %d channels (expected %d)"
              .formatted(found, mean.size()));
    }
  }

  private static Coefficients moved(Coefficients running, Coefficients dataset, double weight) {
    double[] moved = new double[running.size()];
    for (int c = 0; c < moved.length; c++) {
      moved[c] = (1 - weight) * running.get(c) + weight * dataset.get(c);
    }

    return Coefficients.of(moved);
  }
}
