package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TestInstanceStatistics {
  private static final TensorView CHANNELS_LAST = new TensorView(3, 2, 1);
  private static final TensorView CHANNELS_FIRST = new TensorView(1, 2, 3);

  @Test
  void meanAndUnbiasedVarianceAreEachChannelsOwn() {
    double[] x = {1, 1e7, 2, 1e7 + 1, 6, 1e7 + 2};
    InstanceStatistics last = InstanceStatistics.of(x, CHANNELS_LAST);
    InstanceStatistics first =
        InstanceStatistics.of(new double[] {1, 2, 6, 1e7, 1e7 + 1, 1e7 + 2}, CHANNELS_FIRST);

    for (InstanceStatistics statistics : new InstanceStatistics[] {last, first}) {
      assertThat(statistics.mean(0)).isEqualTo(3);
      assertThat(statistics.unbiasedVariance(0)).isEqualTo(7);
      assertThat(statistics.mean(1)).isEqualTo(1e7 + 1);
      assertThat(statistics.unbiasedVariance(1)).isEqualTo(1);
    }
  }

  @Test
  void nanSpoilsItsChannelUnlessItIsLeftOut() {
    float[] x = {1, 4, Float.NaN, 6, 3, 8};
    InstanceStatistics all = InstanceStatistics.of(x, CHANNELS_LAST);
    InstanceStatistics present = InstanceStatistics.ofPresent(x, CHANNELS_LAST);

    assertThat(all.mean(0)).isNaN();
    assertThat(all.unbiasedVariance(0)).isNaN();
    assertThat(all.mean(1)).isEqualTo(6);
    assertThat(present.mean(0)).isEqualTo(2);
    assertThat(present.unbiasedVariance(0)).isEqualTo(2);
    assertThat(present.unbiasedVariance(1)).isEqualTo(4);
  }

  @Test
  void channelsWithOneValueLeftHaveNoVariance() {
    double[] x = {1, 4, Double.NaN, 6, Double.NaN, 8};
    InstanceStatistics present = InstanceStatistics.ofPresent(x, CHANNELS_LAST);

    assertThat(present.hasVariance(0)).isFalse();
    assertThat(present.hasVariance(1)).isTrue();
  }

  @Test
  void singleValuesAreRefused() {
    assertThatThrownBy(() -> InstanceStatistics.of(new float[2], new TensorView(1, 2, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot take instance statistics: each channel of a record has a single value (at least"
                + " 2 are needed for the unbiased variance)");
  }
}
