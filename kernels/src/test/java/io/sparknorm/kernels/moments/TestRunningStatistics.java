package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum.Convention;
import org.junit.jupiter.api.Test;

class TestRunningStatistics {
  private static final Momentum QUARTER = new Momentum(0.25, Convention.NEW_WEIGHT);

  private final Statistics dataset =
      new Moments(2).add(0, 1).add(0, 3).add(1, -5).add(1, -5).statistics();

  @Test
  void startsAtMeanZeroAndVarianceOne() {
    assertThat(RunningStatistics.initial(2))
        .isEqualTo(new RunningStatistics(Coefficients.of(0, 0), Coefficients.of(1, 1), 0));
  }

  @Test
  void theNewWeightIsTheDatasets() {
    assertThat(RunningStatistics.initial(2).next(dataset, Variance.UNBIASED, QUARTER))
        .isEqualTo(
            new RunningStatistics(Coefficients.of(0.5, -1.25), Coefficients.of(1.25, 0.75), 1));
  }

  @Test
  void theOldWeightIsTheRunningOnes() {
    Momentum threeQuarters = new Momentum(0.75, Convention.OLD_WEIGHT);

    assertThat(RunningStatistics.initial(2).next(dataset, Variance.BIASED, threeQuarters))
        .isEqualTo(new RunningStatistics(Coefficients.of(0.5, -1.25), Coefficients.of(1, 0.75), 1));
  }

  @Test
  void theCumulativeAverageWeighsDatasetsAlike() {
    RunningStatistics running = RunningStatistics.initial(1);
    for (double mean : new double[] {4, 8, 0}) {
      running = running.next(Coefficients.of(mean), Coefficients.of(mean / 2), Momentum.CUMULATIVE);
    }

    assertThat(running.mean().get(0)).isCloseTo(4, within(1e-15));
    assertThat(running.variance().get(0)).isCloseTo(2, within(1e-15));
    assertThat(running.batchesTracked()).isEqualTo(3);
  }

  @Test
  void oneValueHasNoUnbiasedVarianceToEnter() {
    Statistics one = new Moments(2).add(0, 1).add(0, 3).add(1, 5).statistics();

    assertThatThrownBy(() -> RunningStatistics.initial(2).next(one, Variance.UNBIASED, QUARTER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot update the running variance: channel 1 has one value (the unbiased variance"
                + " needs at least 2)");
    assertThat(RunningStatistics.initial(2).next(one, Variance.BIASED, QUARTER).variance())
        .isEqualTo(Coefficients.of(1, 0.75));
  }

  @Test
  void aChannelWithoutValuesCannotEnter() {
    Statistics none = new Moments(2).add(1, 1).statistics();

    assertThatThrownBy(() -> RunningStatistics.initial(2).next(none, Variance.BIASED, QUARTER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot update the running statistics: channel 0 has no values");
  }

  @Test
  void misfitsAreRefused() {
    assertThatThrownBy(() -> RunningStatistics.initial(3).next(dataset, Variance.BIASED, QUARTER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot update the running statistics: 2 channels (expected 3)");
    assertThatThrownBy(
            () ->
                RunningStatistics.initial(2)
                    .next(Coefficients.of(1, 2), Coefficients.of(1), QUARTER))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot update the running statistics: 1 channels (expected 2)");
    assertThatThrownBy(() -> new RunningStatistics(Coefficients.of(1), Coefficients.of(1, 2), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid running statistics: 1 means and 2 variances (one per channel each)");
    assertThatThrownBy(() -> new RunningStatistics(Coefficients.of(1), Coefficients.of(1), -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number of batches tracked: -1 (must not be negative)");
  }
}
