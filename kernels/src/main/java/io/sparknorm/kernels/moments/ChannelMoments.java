package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.Variance;
import java.math.BigInteger;

/**
 * Exact count, sum and sum of squares of one channel, with NaN and infinities counted beside them.
 * The sum is in units of {@code 2^-1074}, the sum of squares in units of {@code 2^-2148}: every
 * finite double is a multiple of the one, every square of the other.
 */
final class ChannelMoments {
  /** After so many values, which is far fewer than the limbs can take, carries are settled. */
  static final int CARRY_INTERVAL = 1 << 20;

  private static final int EXPONENT_BITS = 0x7ff;
  private static final int FRACTION_WIDTH = 52;
  private static final long FRACTION = (1L << FRACTION_WIDTH) - 1;
  private static final long IMPLICIT = 1L << FRACTION_WIDTH;

  /** How many low bits of the fraction are zero in every float that is widened to a double. */
  private static final int FLOAT_ZEROS = 29;

  /** The exponents of the units. */
  private static final int SUM_UNIT = -1074;

  private static final int SQUARES_UNIT = -2148;

  private final ExactSum sum;
  private final ExactSum squares;
  private long count;
  private long nanCount;
  private long positiveInfinityCount;
  private long negativeInfinityCount;

  ChannelMoments() {
    this(0, 0, 0, 0, new ExactSum(), new ExactSum());
  }

  ChannelMoments(
      long count,
      long nanCount,
      long positiveInfinityCount,
      long negativeInfinityCount,
      ExactSum sum,
      ExactSum squares) {
    this.count = count;
    this.nanCount = nanCount;
    this.positiveInfinityCount = positiveInfinityCount;
    this.negativeInfinityCount = negativeInfinityCount;
    this.sum = sum;
    this.squares = squares;
  }

  long count() {
    return count;
  }

  long nanCount() {
    return nanCount;
  }

  long positiveInfinityCount() {
    return positiveInfinityCount;
  }

  long negativeInfinityCount() {
    return negativeInfinityCount;
  }

  ExactSum sum() {
    return sum;
  }

  ExactSum squares() {
    return squares;
  }

  void add(float value) {
    // Widened, every float but zero is a normal double, and its square fits one deposit.
    long bits = Double.doubleToRawLongBits(value);
    int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT_BITS;
    if (exponent == EXPONENT_BITS) {
      countNonFinite(value);
      return;
    }

    if (exponent != 0) {
      long significand = ((bits & FRACTION) | IMPLICIT) >>> FLOAT_ZEROS;
      int position = exponent - 1 + FLOAT_ZEROS;
      sum.deposit(position, significand, bits >> 63);
      squares.deposit(2 * position, significand * significand, 0);
    }

    countFinite();
  }

  void add(double value) {
    long bits = Double.doubleToRawLongBits(value);
    int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT_BITS;
    if (exponent == EXPONENT_BITS) {
      countNonFinite(value);
      return;
    }

    long significand = bits & FRACTION;
    int position = 0;
    if (exponent != 0) {
      significand |= IMPLICIT;
      position = exponent - 1;
    }

    if (significand != 0) {
      sum.deposit(position, significand, bits >> 63);
      long high = Math.multiplyHigh(significand, significand);
      squares.deposit(2 * position, significand * significand, 0);
      squares.deposit(2 * position + 64, high, 0);
    }

    countFinite();
  }

  private void countFinite() {
    count++;
    if ((count & (CARRY_INTERVAL - 1)) == 0) {
      carry();
    }
  }

  private void countNonFinite(double value) {
    if (Double.isNaN(value)) {
      nanCount++;
    } else if (value > 0) {
      positiveInfinityCount++;
    } else {
      negativeInfinityCount++;
    }
  }

  private void carry() {
    sum.carry();
    squares.carry();
  }

  void merge(ChannelMoments other) {
    sum.add(other.sum);
    squares.add(other.squares);
    carry();
    count += other.count;
    nanCount += other.nanCount;
    positiveInfinityCount += other.positiveInfinityCount;
    negativeInfinityCount += other.negativeInfinityCount;
  }

  /** The mean, rounded once. */
  double mean() {
    if (nanCount > 0 || (positiveInfinityCount > 0 && negativeInfinityCount > 0)) {
      return Double.NaN;
    }

    if (positiveInfinityCount > 0) {
      return Double.POSITIVE_INFINITY;
    }

    if (negativeInfinityCount > 0) {
      return Double.NEGATIVE_INFINITY;
    }

    ExactSum total = sum.canonical();
    return count == 0
        ? Double.NaN
        : new Ratio(total.digits(), BigInteger.valueOf(count), total.exponent() + SUM_UNIT)
            .doubleValue();
  }

  /** The variance, rounded once: of n values {@code (n * squares - sum^2) / (n * (n or n-1))}. */
  double variance(Variance kind) {
    long divisor = kind == Variance.BIASED ? count : count - 1;
    if (divisor <= 0 || nanCount > 0 || positiveInfinityCount > 0 || negativeInfinityCount > 0) {
      return Double.NaN;
    }

    BigInteger n = BigInteger.valueOf(count);
    ExactSum total = sum.canonical();
    ExactSum totalSquares = squares.canonical();
    int exponent = 2 * total.exponent();
    int squaresExponent = totalSquares.exponent();
    int common = Math.min(exponent, squaresExponent);
    BigInteger deviations =
        n.multiply(totalSquares.digits())
            .shiftLeft(squaresExponent - common)
            .subtract(total.digits().pow(2).shiftLeft(exponent - common));
    return new Ratio(deviations, n.multiply(BigInteger.valueOf(divisor)), common + SQUARES_UNIT)
        .doubleValue();
  }
}
