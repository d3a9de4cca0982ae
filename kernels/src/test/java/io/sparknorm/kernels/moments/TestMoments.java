package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TestMoments {
  static double[][] hardValues() {
    return new double[][] {
      {1, 2, 4},
      {0.0, -0.0},
      {Double.MIN_VALUE, -Double.MIN_VALUE, 3 * Double.MIN_VALUE},
      {Double.MIN_NORMAL, Double.MIN_VALUE, 1e-310},
      {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE},
      {Double.MAX_VALUE, -Double.MAX_VALUE, 1},
      {Double.MAX_VALUE, Double.MIN_VALUE},
      {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE},
      {1e300, 1, -1e300, 1e-300},
      {1e154, 1e-154, -3e153},
      {1e30, 1e-30, 1, -1e30, 1e-30},
      {1_700_000_000, 1_700_000_001, 1_700_086_400},
      {14.62, 14.62, 14.62, 14.62, 14.62, 14.62, 14.62},
      {1e4 + 1e-3, 1e4 - 1e-3, 1e4},
      {-1, -0.5, -0.25, -Math.PI},
      {0x1p31, -0x1p32, 0x1p63, 0x1.fffffffffffffp64},
      {42}
    };
  }

  @ParameterizedTest
  @MethodSource("hardValues")
  void meanAndVariancesAreTheExactOnesRoundedOnce(double[] values) {
    Statistics statistics = of(values).statistics();

    assertThat(statistics.count(0)).isEqualTo(values.length);
    assertThat(
            new Oracle(
                statistics.mean().get(0),
                statistics.variance(Variance.BIASED).get(0),
                statistics.variance(Variance.UNBIASED).get(0)))
        .isEqualTo(Oracle.of(values));
  }

  @Test
  void elementsGoToTheirChannelsInEveryView() {
    float[] x = {1, 2, 3, 4, 5, 6};

    Moments channelsFirst = new Moments(3).add(x, new TensorView(1, 3, 2));
    assertThat(channelsFirst.statistics().mean().toArray()).containsExactly(1.5, 3.5, 5.5);

    Moments channelsLast = new Moments(3).add(x, new TensorView(2, 3, 1));
    assertThat(channelsLast.statistics().mean().toArray()).containsExactly(2.5, 3.5, 4.5);
  }

  @Test
  void otherChannelsAreRefused() {
    assertThatThrownBy(() -> new Moments(3).merge(new Moments(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot merge moments: 2 channels (expected 3)");
  }

  private static Moments of(double... values) {
    return new Moments(1).add(values, new TensorView(1, 1, values.length));
  }

  static byte[] state(Moments moments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      moments.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return bytes.toByteArray();
  }
}
