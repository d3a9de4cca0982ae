package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestRatio {
  @ParameterizedTest
  @CsvSource({
    // numerator, denominator, exponent, nearest double
    "0, 7, 0, 0",
    "1, 3, 0, 0x1.5555555555555p-2",
    "2, 3, 0, 0x1.5555555555555p-1",
    "9007199254740993, 1, 0, 9007199254740992", // 2^53 + 1: a tie, down to even
    "9007199254740995, 1, 0, 9007199254740996", // 2^53 + 3: a tie, up to even
    "27021597764222979, 3, 0, 9007199254740992", // the same tie as a fraction
    "27021597764222980, 3, 0, 9007199254740994", // a third above the tie
    "27021597764222978, 3, 0, 9007199254740992", // a third below it
    "1, 1, -1074, 0x1p-1074",
    "1, 1, -1075, 0", // half the smallest subnormal: a tie, down to zero
    "3, 1, -1075, 0x1p-1073", // a tie, up to even
    "5, 1, -1075, 0x1p-1073", // a tie, down to even
    "1152921504606846977, 1, -1135, 0x1p-1074", // a little more than half the smallest
    "1, 3, -1073, 0x1p-1074", // two thirds of the smallest
    "1, 1, -5000, 0",
    "9007199254740991, 1, -1075, 0x1p-1022", // rounds up to the smallest normal
    "9007199254740991, 1, 971, 0x1.fffffffffffffp1023",
    "18014398509481983, 1, 970, Infinity", // the tie between the largest and 2^1024
    "36028797018963965, 1, 969, 0x1.fffffffffffffp1023", // a little below that tie
    "1, 1, 1024, Infinity"
  })
  void roundsToTheNearestAndToEvenInATie(
      BigInteger numerator, BigInteger denominator, int exponent, double nearest) {
    assertThat(new Ratio(numerator, denominator, exponent).doubleValue()).isEqualTo(nearest);
    assertThat(new Ratio(numerator.negate(), denominator, exponent).doubleValue())
        .isEqualTo(0 - nearest);
  }

  @Property
  void roundsAsDecimalArithmeticDoes(
      @ForAll @BigRange(min = "-1e60", max = "1e60") BigInteger numerator,
      @ForAll @BigRange(min = "1", max = "1e40") BigInteger denominator,
      @ForAll @IntRange(min = -1300, max = 1100) int exponent) {
    BigDecimal quotient =
        new BigDecimal(numerator).divide(new BigDecimal(denominator), new MathContext(2500));
    BigDecimal power = new BigDecimal(BigInteger.TWO.pow(Math.abs(exponent)));
    BigDecimal exact =
        exponent < 0 ? quotient.divide(power, new MathContext(2500)) : quotient.multiply(power);

    assertThat(new Ratio(numerator, denominator, exponent).doubleValue())
        .isEqualTo(exact.doubleValue());
  }
}
