package io.sparknorm.kernels.moments;

import java.math.BigInteger;

/**
 * The rational number {@code numerator / denominator * 2^exponent}.
 *
 * @param numerator of either sign
 * @param denominator positive
 */
record Ratio(BigInteger numerator, BigInteger denominator, int exponent) {
  private static final int PRECISION = 53;

  /**
   * The quotient has so many bits or one more: those of a double, one to round by, and a last one
   * that also stands for the remainder.
   */
  private static final int QUOTIENT_BITS = PRECISION + 2;

  /** The exponent of the last bit of a subnormal double. */
  private static final int MIN_POSITION = Double.MIN_EXPONENT - (PRECISION - 1);

  boolean isNegative() {
    return numerator.signum() < 0;
  }

  /** This ratio divided by a positive number. */
  Ratio dividedBy(long divisor) {
    return new Ratio(numerator, denominator.multiply(BigInteger.valueOf(divisor)), exponent);
  }

  /** The nearest double, the even one of two: rounded once, to subnormals and infinity as well. */
  double doubleValue() {
    if (numerator.signum() == 0) {
      return 0;
    }

    BigInteger magnitude = numerator.abs();
    int shift = QUOTIENT_BITS - (magnitude.bitLength() - denominator.bitLength());
    BigInteger[] division =
        shift >= 0
            ? magnitude.shiftLeft(shift).divideAndRemainder(denominator)
            : magnitude.divideAndRemainder(denominator.shiftLeft(-shift));
    // An odd quotient lies on the same side of every rounding boundary as any remainder would.
    long quotient = division[0].longValue() | division[1].signum();
    double rounded = round(quotient, exponent - shift);
    return numerator.signum() < 0 ? -rounded : rounded;
  }

  private static double round(long quotient, int position) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(quotient);
    int drop = Math.max(bits - PRECISION, MIN_POSITION - position);
    if (drop > bits) {
      return 0;
    }

    long kept = quotient >>> drop;
    long dropped = quotient - (kept << drop);
    long half = 1L << (drop - 1);
    if (dropped > half || (dropped == half && (kept & 1) == 1)) {
      kept++;
    }

    return Math.scalb((double) kept, position + drop);
  }
}
