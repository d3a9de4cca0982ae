package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TestStatistics {
  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @Test
  void noValueHasNoStatistics() {
    assertStatistics(0, NAN, NAN, NAN);
  }

  @Test
  void oneValueHasNoUnbiasedVariance() {
    assertStatistics(1, 1e300, 0, NAN, 1e300);
  }

  @Test
  void equalValuesHaveVarianceZero() {
    double[] constant = new double[1000];
    Arrays.fill(constant, 14.62);
    assertStatistics(1000, 14.62, 0, 0, constant);
  }

  @Test
  void nanAndInfinitiesEnterAsInArithmetic() {
    assertStatistics(2, NAN, NAN, NAN, 1, NAN, 2);
    assertStatistics(2, NAN, NAN, NAN, 1, NAN, 2, INFINITY);
    assertStatistics(2, NAN, NAN, NAN, 1, INFINITY, 2, -INFINITY);
    assertStatistics(2, INFINITY, NAN, NAN, 1, INFINITY, 2, INFINITY);
    assertStatistics(0, -INFINITY, NAN, NAN, -INFINITY);
  }

  @Test
  void aVarianceBeyondTheDoublesIsInfinite() {
    assertStatistics(2, 0, INFINITY, INFINITY, Double.MAX_VALUE, -Double.MAX_VALUE);
  }

  @Test
  void keepsItsOwnCounts() {
    long[] counts = {1, 2};
    Coefficients two = Coefficients.of(1, 2);
    Statistics statistics = new Statistics(counts, two, two, two);
    counts[0] = 7;
    statistics.counts()[1] = 7;

    assertThat(statistics).isEqualTo(new Statistics(new long[] {1, 2}, two, two, two));
    assertThat(statistics).hasSameHashCodeAs(new Statistics(new long[] {1, 2}, two, two, two));
    assertThat(statistics).isNotEqualTo(new Statistics(new long[] {1, 3}, two, two, two));
  }

  @Test
  void misfitsAreRefused() {
    Coefficients one = Coefficients.of(1);
    Coefficients two = Coefficients.of(1, 2);
    assertThatThrownBy(() -> new Statistics(new long[] {1}, one, two, one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Invalid statistics: 1 counts, 1 means, 2 biased and 1 unbiased variances (one per"
                + " channel each)");
    assertThatThrownBy(() -> new Statistics(new long[] {-1}, one, one, one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid count: -1 (must not be negative)");
  }

  private static void assertStatistics(
      long count, double mean, double biased, double unbiased, double... values) {
    Moments moments = new Moments(1);
    for (double value : values) {
      moments.add(0, value);
    }

    Statistics statistics = moments.statistics();
    assertThat(statistics.channels()).isEqualTo(1);
    assertThat(statistics.count(0)).isEqualTo(count);
    assertThat(statistics.mean()).isEqualTo(Coefficients.of(mean));
    assertThat(statistics.variance(Variance.BIASED)).isEqualTo(Coefficients.of(biased));
    assertThat(statistics.variance(Variance.UNBIASED)).isEqualTo(Coefficients.of(unbiased));
  }
}
