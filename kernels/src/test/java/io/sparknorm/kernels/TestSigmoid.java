package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestSigmoid {
  private static final MathContext DIGITS = new MathContext(60);

  @Test
  void isWithinThreeUnitsInTheLastPlace() {
    Random random = new Random(7);
    for (int i = 0; i < 3000; i++) {
      double t = i % 3 == 0 ? random.nextDouble() * 1416 - 708 : random.nextGaussian() * 20;
      double exact = exact(t).doubleValue();
      double actual = 1 / Sigmoid.divisor(t);
      assertThat(Math.abs(actual - exact)).as("at %s", t).isLessThan(3 * Math.ulp(exact));
    }
  }

  @Test
  void isWithinAnUnitOfSinglePrecisionAtEveryExponent() {
    for (double t = 0x1p-149; t <= Float.MAX_VALUE; t *= 1.37) {
      for (double signed : new double[] {t, -t}) {
        float exact = Math.abs(t) > 800 ? (signed > 0 ? 1 : 0) : exact(signed).floatValue();
        for (double divisor : new double[] {Sigmoid.divisor(signed), coarseDivisor(signed)}) {
          assertThat(Math.abs((float) (1 / divisor) - exact))
              .as("at %s", signed)
              .isLessThanOrEqualTo(Math.ulp(exact));
        }
      }
    }
  }

  @Test
  void gatesAreWithinAnUnitOfSinglePrecisionOverAllFloats() {
    int n = 1 << 12;
    double[] ones = new double[n];
    double[] t = new double[n];
    double[] y = new double[n];
    Arrays.fill(ones, 1);
    for (Loops<?> loops : List.of(LoopsProvider.SCALAR.floats(), LoopsProvider.best().floats())) {
      // A prime number of floats apart, so that all significands have their turn.
      for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += 4093L * n) {
        for (int i = 0; i < n; i++) {
          float next = Float.intBitsToFloat((int) (bits + 4093L * i));
          t[i] = Float.isFinite(next) ? next : 0;
        }

        loops.gate(ones, t, n, y);
        for (int i = 0; i < n; i++) {
          float exact = (float) (1 / (1 + StrictMath.exp(-t[i])));
          if (Math.abs((float) y[i] - exact) > Math.ulp(exact)) {
            throw new AssertionError("%s of %s, not %s".formatted(y[i], t[i], exact));
          }
        }
      }
    }
  }

  @Test
  void hasTheLimitsOfTheLogisticFunction() {
    assertThat(Sigmoid.divisor(Double.NEGATIVE_INFINITY)).isInfinite();
    assertThat(Sigmoid.divisor(Double.POSITIVE_INFINITY)).isOne();
    assertThat(Sigmoid.divisor(Double.NaN)).isNaN();
    assertThat(Sigmoid.divisor(-0.0)).isEqualTo(2);
    assertThat(Sigmoid.divisor(-709)).isFinite();
    assertThat(Sigmoid.divisor(-711)).isInfinite();
    assertThat(coarseDivisor(Double.NaN)).isNaN();
    assertThat(coarseDivisor(-0.0)).isEqualTo(2);
    assertThat((float) (Float.MAX_VALUE / coarseDivisor(-500))).isZero();
    assertThat((float) (Float.MAX_VALUE / coarseDivisor(-1e30))).isZero();
    assertThat((float) coarseDivisor(1e30)).isOne();
  }

  @ParameterizedTest
  @EnumSource(names = {"SILU", "SIGMOID"})
  void infinitiesHaveTheLimitOfTheirActivation(Activation activation) {
    for (Loops<?> loops : List.of(LoopsProvider.SCALAR.floats(), LoopsProvider.best().floats())) {
      double[] y = new double[17];
      Arrays.fill(y, Double.POSITIVE_INFINITY);
      y[16] = Double.NaN;
      double[] out = new double[17];
      activation.apply(loops, y, 17, out);
      assertThat(out).startsWith(activation == Activation.SILU ? Double.POSITIVE_INFINITY : 1);
      assertThat(out[0]).isEqualTo(out[15]);
      assertThat(out[16]).isNaN();
    }
  }

  /**
   * As torch.nn.functional.silu has it, also of what an absurd weight makes of a finite element.
   */
  @Test
  void siluOfNegativeInfinityIsNaN() {
    for (LoopsProvider provider : List.of(LoopsProvider.SCALAR, LoopsProvider.best())) {
      for (Loops<?> loops : List.of(provider.floats(), provider.doubles())) {
        double[] y = new double[17];
        Arrays.fill(y, 0, 10, Double.NEGATIVE_INFINITY);
        Arrays.fill(y, 10, 17, -1e300);
        double[] out = new double[17];
        Activation.SILU.apply(loops, y, 17, out);
        for (int i = 0; i < 17; i++) {
          Float expected = i < 10 ? Float.NaN : -0.0f;
          assertThat((Float) (float) out[i]).as("%s %d", loops, i).isEqualTo(expected);
        }
      }
    }
  }

  private static double coarseDivisor(double t) {
    return Sigmoid.coarseDivisor(t * -Sigmoid.LOG2_E);
  }

  private static BigDecimal exact(double t) {
    BigDecimal e = ExactNorm.exponential(new BigDecimal(-t));
    return BigDecimal.ONE.divide(BigDecimal.ONE.add(e), DIGITS);
  }
}
