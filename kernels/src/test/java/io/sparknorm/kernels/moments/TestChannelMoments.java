package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestChannelMoments {
  @ParameterizedTest
  @ValueSource(
      doubles = {1, -1, 0x1.fffffffffffffp-1, -Double.MAX_VALUE, Double.MIN_VALUE, 3e38f, -1e-45f})
  void sumsStayExactAcrossManyCarries(double value) {
    int times = 3 * ChannelMoments.CARRY_INTERVAL + 7;
    ChannelMoments channel = new ChannelMoments();
    for (int i = 0; i < times; i++) {
      channel.add(value);
    }

    BigDecimal n = BigDecimal.valueOf(times);
    BigDecimal exact = new BigDecimal(value);
    assertThat(value(channel.sum(), -1074)).isEqualByComparingTo(exact.multiply(n));
    assertThat(value(channel.squares(), -2148)).isEqualByComparingTo(exact.pow(2).multiply(n));
  }

  @Test
  void limbsHaveRoomForAllValuesBetweenTwoCarries() {
    ChannelMoments channel = new ChannelMoments();
    long largest = 0;
    for (int i = 0; i < 4 * ChannelMoments.CARRY_INTERVAL; i++) {
      channel.add(0x1.fffffffffffffp0);
      for (long limb : channel.squaresLimbs) {
        largest = Math.max(largest, limb);
      }
    }

    // Less than 2^32 per value, and as much again from the carry before.
    assertThat(largest).isBetween(1L << 50, (ChannelMoments.CARRY_INTERVAL + 1L) << 32);
  }

  @Test
  void limbsHaveRoomForValuesThatAreAddedTogether() {
    double[] doubles = new double[1000];
    float[] floats = new float[1000];
    Arrays.fill(doubles, 0x1.fffffffffffffp0);
    Arrays.fill(floats, 0x1.fffffep0f);
    ChannelMoments channel = new ChannelMoments();
    long largest = 0;
    for (int i = 0; i < 4 * ChannelMoments.CARRY_INTERVAL; i += doubles.length) {
      channel.add(doubles, 0, 1, doubles.length);
      channel.add(floats, 0, 1, floats.length);
      largest = Math.max(largest, LongStream.of(channel.squaresLimbs).max().orElseThrow());
    }

    assertThat(largest).isBetween(1L << 50, (ChannelMoments.CARRY_INTERVAL + 1L) << 32);
  }

  private static BigDecimal value(ExactSum sum, int unit) {
    BigInteger integer = sum.integer();
    int exponent = sum.exponent() + unit;
    return exponent >= 0
        ? new BigDecimal(integer.shiftLeft(exponent))
        : new BigDecimal(integer).divide(new BigDecimal(BigInteger.TWO.pow(-exponent)));
  }
}
