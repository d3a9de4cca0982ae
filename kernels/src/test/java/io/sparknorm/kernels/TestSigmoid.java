package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestSigmoid {
  private static final MathContext DIGITS = new MathContext(60);

  @Test
  void isWithinThreeUnitsInTheLastPlace() {
    Random random = new Random(7);
    for (int i = 0; i < 3000; i++) {
      double t = i % 3 == 0 ? random.nextDouble() * 1416 - 708 : random.nextGaussian() * 20;
      double exact = exact(t).doubleValue();
      assertThat(Math.abs(Sigmoid.of(t) - exact)).as("at %s", t).isLessThan(3 * Math.ulp(exact));
    }
  }

  @Test
  void isWithinAnUnitOfSinglePrecisionAtEveryExponent() {
    for (double t = 0x1p-149; t <= Float.MAX_VALUE; t *= 1.37) {
      for (double signed : new double[] {t, -t}) {
        float exact = Math.abs(t) > 800 ? (signed > 0 ? 1 : 0) : exact(signed).floatValue();
        assertThat(Math.abs((float) Sigmoid.of(signed) - exact))
            .as("at %s", signed)
            .isLessThanOrEqualTo(Math.ulp(exact));
      }
    }
  }

  @Test
  void hasTheLimitsOfTheLogisticFunction() {
    assertThat(Sigmoid.of(Double.NEGATIVE_INFINITY)).isZero();
    assertThat(Sigmoid.of(Double.POSITIVE_INFINITY)).isOne();
    assertThat(Sigmoid.of(Double.NaN)).isNaN();
    assertThat(Sigmoid.of(-0.0)).isEqualTo(0.5);
    assertThat(Sigmoid.of(-709)).isPositive();
    assertThat(Sigmoid.of(-711)).isZero();
  }

  /** By the series of exp(t / 1024), squared ten times. */
  private static BigDecimal exact(double t) {
    BigDecimal small = new BigDecimal(-t).divide(BigDecimal.valueOf(1024), DIGITS);
    BigDecimal term = BigDecimal.ONE;
    BigDecimal sum = term;
    for (int n = 1; n < 60; n++) {
      term = term.multiply(small, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
      sum = sum.add(term, DIGITS);
    }

    BigDecimal e = sum.pow(1024, DIGITS);
    return BigDecimal.ONE.divide(BigDecimal.ONE.add(e, DIGITS), DIGITS);
  }
}
