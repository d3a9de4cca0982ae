package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestNonFinite {
  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void isFoundAtAnyPosition(double value) {
    for (int position = 0; position < 37; position++) {
      double[] x = new double[37];
      float[] floats = new float[37];
      assertThat(NonFinite.any(x)).isFalse();
      x[position] = value;
      floats[position] = (float) value;
      assertThat(NonFinite.any(x)).isTrue();
      assertThat(NonFinite.any(floats)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void isNoFiniteValue(boolean negative) {
    double sign = negative ? -1 : 1;
    assertThat(NonFinite.any(new double[] {sign * 0, sign * Double.MIN_VALUE, sign * 1e308}))
        .isFalse();
    assertThat(NonFinite.any(new double[] {sign * Double.MAX_VALUE})).isFalse();
    assertThat(NonFinite.any(new float[] {(float) (sign * Float.MAX_VALUE)})).isFalse();
    assertThat(NonFinite.any(new float[] {})).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff})
  void isEveryKindOfNaN(int bits) {
    assertThat(NonFinite.any(new float[] {1, Float.intBitsToFloat(bits)})).isTrue();
    long wide = (long) bits << 32 | 1;
    assertThat(NonFinite.any(new double[] {1, Double.longBitsToDouble(wide | 0x7ff0L << 48)}))
        .isTrue();
  }
}
