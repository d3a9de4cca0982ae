package io.sparknorm.kernels.moments;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Mean and variances of one channel the slow way: two passes in decimal arithmetic. The quotients
 * are taken to so many digits that a second rounding, to a double, could only matter for an exact
 * tie; those come out exact because the division then terminates.
 */
record Oracle(double mean, double biasedVariance, double unbiasedVariance) {
  private static final MathContext PLENTY = new MathContext(3000, RoundingMode.HALF_EVEN);

  static Oracle of(double... values) {
    BigDecimal n = BigDecimal.valueOf(values.length);
    BigDecimal sum = BigDecimal.ZERO;
    for (double value : values) {
      sum = sum.add(new BigDecimal(value));
    }

    // Deviations from the mean, times n: all exact.
    BigDecimal deviations = BigDecimal.ZERO;
    for (double value : values) {
      deviations = deviations.add(new BigDecimal(value).multiply(n).subtract(sum).pow(2));
    }

    BigDecimal squared = n.pow(3);
    return new Oracle(
        sum.divide(n, PLENTY).doubleValue(),
        deviations.divide(squared, PLENTY).doubleValue(),
        values.length == 1
            ? Double.NaN
            : deviations.divide(squared.subtract(n.pow(2)), PLENTY).doubleValue());
  }
}
