package io.sparknorm.kernels;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * The map-only norms in decimal arithmetic, element by element as their definitions say.
 *
 * @param kind what is subtracted, and what is divided
 * @param slices whose channels are the slices
 * @param weight by position in the record
 * @param bias by position in the record
 */
record ExactNorm(Kind kind, TensorView slices, double epsilon, double[] weight, double[] bias) {
  private static final MathContext DIGITS = new MathContext(50);

  enum Kind {
    STANDARD,
    ROOT_MEAN_SQUARE,
    EVONORM_S0
  }

  /** The results, before they are rounded to floats. */
  double[] apply(float[] x) {
    BigDecimal[] roots = new BigDecimal[slices.channels()];
    BigDecimal[] means = new BigDecimal[slices.channels()];
    BigDecimal n = BigDecimal.valueOf(slices.channelLength());
    for (int s = 0; s < roots.length; s++) {
      BigDecimal sum = BigDecimal.ZERO;
      for (int i = 0; i < x.length; i++) {
        sum = slices.channelOf(i) == s ? sum.add(new BigDecimal(x[i])) : sum;
      }

      means[s] = kind == Kind.ROOT_MEAN_SQUARE ? BigDecimal.ZERO : sum.divide(n, DIGITS);
      BigDecimal squares = BigDecimal.ZERO;
      for (int i = 0; i < x.length; i++) {
        if (slices.channelOf(i) == s) {
          BigDecimal deviation = new BigDecimal(x[i]).subtract(means[s]);
          squares = squares.add(deviation.multiply(deviation, DIGITS), DIGITS);
        }
      }

      roots[s] = squares.divide(n, DIGITS).add(new BigDecimal(epsilon)).sqrt(DIGITS);
    }

    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int s = slices.channelOf(i);
      BigDecimal value = new BigDecimal(x[i]);
      BigDecimal numerator =
          kind == Kind.EVONORM_S0
              ? value.divide(exponential(value.negate()).add(BigDecimal.ONE), DIGITS)
              : value.subtract(means[s]);
      y[i] =
          roots[s].signum() == 0
              ? bias[i]
              : numerator
                  .divide(roots[s], DIGITS)
                  .multiply(new BigDecimal(weight[i]))
                  .add(new BigDecimal(bias[i]))
                  .doubleValue();
    }

    return y;
  }

  /** By the series of exp(t / 1024), squared ten times; beyond 900 a power of ten like it. */
  static BigDecimal exponential(BigDecimal t) {
    if (t.abs().compareTo(BigDecimal.valueOf(900)) > 0) {
      return BigDecimal.ONE.scaleByPowerOfTen(t.signum() * 390);
    }

    BigDecimal small = t.divide(BigDecimal.valueOf(1024), DIGITS);
    BigDecimal term = BigDecimal.ONE;
    BigDecimal sum = term;
    for (int n = 1; n < 60; n++) {
      term = term.multiply(small, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
      sum = sum.add(term, DIGITS);
    }

    return sum.pow(1024, DIGITS);
  }
}
