package io.sparknorm.kernels.moments;

import static io.sparknorm.kernels.moments.ExactSum.DIGIT;
import static io.sparknorm.kernels.moments.ExactSum.DIGIT_WIDTH;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;

/**
 * Exact count, sum and sum of squares of one channel, with NaN and infinities counted beside them.
 *
 * <p>The sums are fixed-point numbers, in units of {@code 2^-1074} and {@code 2^-2148}: every
 * finite double is a multiple of the one, every square of the other (Kulisch, "Computer Arithmetic
 * and Validity", 2008, section 8). They are kept in 64-bit limbs that stand 32 bits apart, so that
 * carries can wait: a value or a deposit changes a limb by less than 2^32, and carries are settled
 * long before 2^31 of them have done so. Only the limbs that the values reach are there; since
 * squares reach twice as far, one window serves both sums.
 */
final class ChannelMoments {
  /** After so many values or deposits carries are settled: seldom enough to cost nothing. */
  static final int CARRY_INTERVAL = 1 << 20;

  /**
   * What an instance takes on a 64-bit machine without its limbs, with the reference to it: 64
   * bytes, twice 16 for the heads of arrays, and 4.
   */
  private static final long FIXED_BYTES = 64 + 2 * 16 + 4;

  /** With the least limbs that hold a double: 3 of the sum and 6 of the squares. */
  static final long LEAST_BYTES = FIXED_BYTES + 9 * Long.BYTES;

  private static final int SUM_UNIT = -1074;
  private static final int SQUARES_UNIT = 2 * SUM_UNIT;
  private static final long[] NO_LIMBS = {};

  /** A bit's position, divided into its limb and its place there. */
  private static final int LIMB = 5;

  private static final int PLACE = DIGIT_WIDTH - 1;

  /** A digit of a number of times: its product with a digit is a long. */
  private static final int TIMES_WIDTH = DIGIT_WIDTH - 1;

  private static final long TIMES = (1L << TIMES_WIDTH) - 1;

  private static final int EXPONENT = 0x7ff;
  private static final int FRACTION_WIDTH = 52;
  private static final long FRACTION = (1L << FRACTION_WIDTH) - 1;
  private static final long IMPLICIT = 1L << FRACTION_WIDTH;

  /** How many low bits of the fraction are zero in every float that is widened to a double. */
  private static final int FLOAT_ZEROS = 29;

  /**
   * How many limbs of the sum a value can reach: its shifted significand has up to 55 or 84 bits.
   * The square, which has up to 79 or 137, reaches at most twice as many.
   */
  private static final int FLOAT_LIMBS = 2;

  private static final int DOUBLE_LIMBS = 3;

  /** The first limb of the sum weighs {@code 2^(32 * low)}, that of the squares twice the power. */
  private int low;

  private long[] sumLimbs = NO_LIMBS;

  /** Not private, so that a test can see how full limbs get. */
  long[] squaresLimbs = NO_LIMBS;

  private int beforeCarry = CARRY_INTERVAL;
  private long count;
  private long nanCount;
  private long positiveInfinityCount;
  private long negativeInfinityCount;

  /** Moments of no values. */
  ChannelMoments() {}

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
    deposit(sum, squares);
  }

  /** What the instance takes now, counted as in {@link #LEAST_BYTES}. */
  long bytes() {
    return FIXED_BYTES + (long) Long.BYTES * (sumLimbs.length + squaresLimbs.length);
  }

  /** How many finite values. */
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

  /** In units of {@code 2^-1074}. */
  ExactSum sum() {
    return ExactSum.of(low, sumLimbs);
  }

  /** In units of {@code 2^-2148}. */
  ExactSum squares() {
    return ExactSum.of(2 * low, squaresLimbs);
  }

  void add(float value) {
    // Widened, every float but zero is a normal double.
    long bits = Double.doubleToRawLongBits(value);
    int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT;
    if (exponent == EXPONENT) {
      countNonFinite(value, 1);
      return;
    }

    count(1);
    if (exponent != 0) {
      int position = exponent - 1 + FLOAT_ZEROS;
      int at = reach(position, FLOAT_LIMBS);
      int squareAt = ((2 * position) >>> LIMB) - 2 * low;
      depositFloat(bits, position, sumLimbs, at, squaresLimbs, squareAt);
    }

    countLimbs();
  }

  /** Adds n values that stand a step apart, fewer than {@link #CARRY_INTERVAL}. */
  void add(float[] x, int from, int step, int n) {
    makeRoom(n);
    int finite = 0;
    for (int i = 0, next = from; i < n; i++, next += step) {
      long bits = Double.doubleToRawLongBits(x[next]);
      int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT;
      if (exponent == EXPONENT) {
        countNonFinite(x[next], 1);
        continue;
      }

      finite++;
      if (exponent != 0) {
        int position = exponent - 1 + FLOAT_ZEROS;
        int at = reach(position, FLOAT_LIMBS);
        int squareAt = ((2 * position) >>> LIMB) - 2 * low;
        depositFloat(bits, position, sumLimbs, at, squaresLimbs, squareAt);
      }
    }

    count(finite);
  }

  private static void depositFloat(
      long bits, int position, long[] sum, int at, long[] squares, int squareAt) {
    long significand = ((bits & FRACTION) | IMPLICIT) >>> FLOAT_ZEROS;
    long sign = bits >> 63;
    long shifted = ((significand ^ sign) - sign) << (position & PLACE);
    sum[at] += shifted & DIGIT;
    sum[at + 1] += shifted >> DIGIT_WIDTH;

    long square = significand * significand;
    int shift = 2 * position & PLACE;
    long upper = square >>> (DIGIT_WIDTH - shift);
    squares[squareAt] += (square << shift) & DIGIT;
    squares[squareAt + 1] += upper & DIGIT;
    squares[squareAt + 2] += upper >>> DIGIT_WIDTH;
  }

  void add(double value) {
    long bits = Double.doubleToRawLongBits(value);
    int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT;
    if (exponent == EXPONENT) {
      countNonFinite(value, 1);
      return;
    }

    count(1);
    if (bits << 1 != 0) {
      int position = Math.max(0, exponent - 1);
      int at = reach(position, DOUBLE_LIMBS);
      int squareAt = ((2 * position) >>> LIMB) - 2 * low;
      depositDouble(significand(value), position, sumLimbs, at, squaresLimbs, squareAt);
    }

    countLimbs();
  }

  /** Adds n values that stand a step apart, fewer than {@link #CARRY_INTERVAL}. */
  void add(double[] x, int from, int step, int n) {
    makeRoom(n);
    int finite = 0;
    for (int i = 0, next = from; i < n; i++, next += step) {
      double value = x[next];
      long bits = Double.doubleToRawLongBits(value);
      int exponent = (int) (bits >>> FRACTION_WIDTH) & EXPONENT;
      if (exponent == EXPONENT) {
        countNonFinite(value, 1);
        continue;
      }

      finite++;
      if (bits << 1 != 0) {
        int position = Math.max(0, exponent - 1);
        int at = reach(position, DOUBLE_LIMBS);
        int squareAt = ((2 * position) >>> LIMB) - 2 * low;
        depositDouble(significand(value), position, sumLimbs, at, squaresLimbs, squareAt);
      }
    }

    count(finite);
  }

  private static void depositDouble(
      long signed, int position, long[] sum, int at, long[] squares, int squareAt) {
    int shift = position & PLACE;
    long upper = signed >> (DIGIT_WIDTH - shift);
    sum[at] += (signed << shift) & DIGIT;
    sum[at + 1] += upper & DIGIT;
    sum[at + 2] += upper >> DIGIT_WIDTH;

    long square = signed * signed;
    long squareHigh = Math.multiplyHigh(signed, signed);
    int squareShift = 2 * position & PLACE;
    // The shifted square in three words. A shift by 64 takes two steps: in one it shifts by 0.
    long word0 = square << squareShift;
    long word1 =
        (squareHigh << squareShift) | (square >>> DIGIT_WIDTH >>> (DIGIT_WIDTH - squareShift));
    long word2 = squareHigh >>> DIGIT_WIDTH >>> (DIGIT_WIDTH - squareShift);
    squares[squareAt] += word0 & DIGIT;
    squares[squareAt + 1] += word0 >>> DIGIT_WIDTH;
    squares[squareAt + 2] += word1 & DIGIT;
    squares[squareAt + 3] += word1 >>> DIGIT_WIDTH;
    squares[squareAt + 4] += word2;
  }

  /**
   * Adds a value several times, with the bits that as many single additions give: digits of 31 bits
   * of the number of times, multiplied by digits of 32 bits of the value and of its square.
   *
   * @param times at least 1
   */
  void add(double value, long times) {
    if (!Double.isFinite(value)) {
      countNonFinite(value, times);
      return;
    }

    count(times);
    long significand = significand(value);
    int position = position(value);
    long square = significand * significand;
    long squareHigh = Math.multiplyHigh(significand, significand);
    for (int shift = 0; shift < Long.SIZE; shift += TIMES_WIDTH) {
      long digit = (times >>> shift) & TIMES;
      depositSum((significand & DIGIT) * digit, position + shift);
      depositSum((significand >> DIGIT_WIDTH) * digit, position + shift + DIGIT_WIDTH);
      int squarePosition = 2 * position + shift;
      depositSquares((square & DIGIT) * digit, squarePosition);
      depositSquares((square >>> DIGIT_WIDTH) * digit, squarePosition + DIGIT_WIDTH);
      depositSquares((squareHigh & DIGIT) * digit, squarePosition + 2 * DIGIT_WIDTH);
      depositSquares((squareHigh >>> DIGIT_WIDTH) * digit, squarePosition + 3 * DIGIT_WIDTH);
    }
  }

  /** The limb of the sum that has this bit, once so many limbs from there on exist. */
  private int reach(int position, int limbs) {
    int from = position >>> LIMB;
    if (from < low || from + limbs > low + sumLimbs.length) {
      cover(from, from + limbs);
    }

    return from - low;
  }

  /** Widens the window, where needed, to the limbs of the sum from one weight to another. */
  private void cover(int from, int to) {
    if (sumLimbs.length == 0) {
      low = from;
    }

    int below = Math.max(0, low - from);
    int length = below + Math.max(sumLimbs.length, to - low);
    if (length > sumLimbs.length) {
      long[] wideSum = new long[length];
      long[] wideSquares = new long[2 * length];
      System.arraycopy(sumLimbs, 0, wideSum, below, sumLimbs.length);
      System.arraycopy(squaresLimbs, 0, wideSquares, 2 * below, squaresLimbs.length);
      low -= below;
      sumLimbs = wideSum;
      squaresLimbs = wideSquares;
    }
  }

  /**
   * Counts values before their sum and sum of squares are deposited.
   *
   * @throws ArithmeticException if they become more than a long can count
   */
  void count(long values) {
    count = Math.addExact(count, values);
  }

  /** Adds to the sum alone a multiple of {@code 2^-1074}, which every finite double is. */
  void depositSum(double amount) {
    depositSum(significand(amount), position(amount));
  }

  private void depositSum(long significand, int position) {
    if (significand != 0) {
      deposit(significand, position, sumLimbs(position), (position >>> LIMB) - low);
    }
  }

  /** Adds to the sum of squares alone. */
  void depositSquares(double amount) {
    depositSquares(significand(amount), position(amount) + SUM_UNIT - SQUARES_UNIT);
  }

  private void depositSquares(long significand, int position) {
    if (significand != 0) {
      deposit(significand, position, squaresLimbs(position), (position >>> LIMB) - 2 * low);
    }
  }

  private long[] sumLimbs(int position) {
    reach(position, DOUBLE_LIMBS);
    return sumLimbs;
  }

  private long[] squaresLimbs(int position) {
    // Two limbs of the sum stand for four of the squares, of which an odd start leaves three.
    reach(position / 2, 2);
    return squaresLimbs;
  }

  private void deposit(long significand, int position, long[] limbs, int at) {
    int shift = position & PLACE;
    long upper = significand >> (DIGIT_WIDTH - shift);
    limbs[at] += (significand << shift) & DIGIT;
    limbs[at + 1] += upper & DIGIT;
    limbs[at + 2] += upper >> DIGIT_WIDTH;
    countLimbs();
  }

  /** The signed significand of a finite double. */
  private static long significand(double value) {
    long bits = Double.doubleToRawLongBits(value);
    long significand = bits & FRACTION;
    if (((int) (bits >>> FRACTION_WIDTH) & EXPONENT) != 0) {
      significand |= IMPLICIT;
    }

    long sign = bits >> 63;
    return (significand ^ sign) - sign;
  }

  /** The position of the significand's lowest bit in units of {@code 2^-1074}. */
  private static int position(double value) {
    int exponent = (int) (Double.doubleToRawLongBits(value) >>> FRACTION_WIDTH) & EXPONENT;
    return Math.max(0, exponent - 1);
  }

  private void countLimbs() {
    makeRoom(1);
  }

  /** Settles carries before there are too many of them for so many additions. */
  private void makeRoom(int additions) {
    beforeCarry -= additions;
    if (beforeCarry <= 0) {
      carry();
      beforeCarry -= additions;
    }
  }

  private void countNonFinite(double value, long times) {
    if (Double.isNaN(value)) {
      nanCount = Math.addExact(nanCount, times);
    } else if (value > 0) {
      positiveInfinityCount = Math.addExact(positiveInfinityCount, times);
    } else {
      negativeInfinityCount = Math.addExact(negativeInfinityCount, times);
    }
  }

  private void carry() {
    ExactSum carriedSum = sum();
    ExactSum carriedSquares = squares();
    Arrays.fill(sumLimbs, 0);
    Arrays.fill(squaresLimbs, 0);
    beforeCarry = CARRY_INTERVAL;
    deposit(carriedSum, carriedSquares);
  }

  private void deposit(ExactSum moreSum, ExactSum moreSquares) {
    if (moreSum.size() > 0) {
      cover(moreSum.low(), moreSum.end());
    }

    if (moreSquares.size() > 0) {
      cover(moreSquares.low() / 2, (moreSquares.end() + 1) / 2);
    }

    deposit(moreSum, sumLimbs, moreSum.low() - low);
    deposit(moreSquares, squaresLimbs, moreSquares.low() - 2 * low);
  }

  private static void deposit(ExactSum more, long[] limbs, int at) {
    for (int i = 0; i < more.size(); i++) {
      limbs[at + i] += more.digit(i);
    }
  }

  /** Adds all that another instance holds, which stays as it is. */
  void merge(ChannelMoments other) {
    count = Math.addExact(count, other.count);
    nanCount = Math.addExact(nanCount, other.nanCount);
    positiveInfinityCount = Math.addExact(positiveInfinityCount, other.positiveInfinityCount);
    negativeInfinityCount = Math.addExact(negativeInfinityCount, other.negativeInfinityCount);
    deposit(other.sum(), other.squares());
    countLimbs();
  }

  /** What is left without all that another instance holds; {@link #flaw} says if it can be. */
  ChannelMoments less(ChannelMoments other) {
    return new ChannelMoments(
        count - other.count,
        nanCount - other.nanCount,
        positiveInfinityCount - other.positiveInfinityCount,
        negativeInfinityCount - other.negativeInfinityCount,
        sum().minus(other.sum()),
        squares().minus(other.squares()));
  }

  /**
   * Why no values can have these moments, in words that follow "with". Of n values, {@code n *
   * squares >= sum^2} (Cauchy-Schwarz), and of none both are zero.
   */
  Optional<String> flaw() {
    Optional<String> missing =
        missing(count, "values")
            .or(() -> missing(nanCount, "NaN"))
            .or(() -> missing(positiveInfinityCount, "infinities"))
            .or(() -> missing(negativeInfinityCount, "negative infinities"));
    if (missing.isPresent()) {
      return missing;
    }

    ExactSum totalSquares = squares();
    if (totalSquares.isNegative()) {
      return Optional.of("a negative sum of squares");
    }

    if (count == 0 && (totalSquares.size() > 0 || sum().size() > 0)) {
      return Optional.of("no values, but a sum that is not zero");
    }

    return count > 0 && squaredDeviations().isNegative()
        ? Optional.of("a sum of squares too small for the sum")
        : Optional.empty();
  }

  private static Optional<String> missing(long count, String what) {
    return count < 0 ? Optional.of(count + " " + what) : Optional.empty();
  }

  /** The mean of the finite values, of which there is at least one. */
  Ratio mean() {
    ExactSum total = sum();
    return new Ratio(total.integer(), BigInteger.valueOf(count), total.exponent() + SUM_UNIT);
  }

  /**
   * The sum of squared deviations from the mean of the finite values, of which there is at least
   * one: of n values {@code squares - sum^2 / n}.
   */
  Ratio squaredDeviations() {
    BigInteger n = BigInteger.valueOf(count);
    ExactSum total = sum();
    ExactSum totalSquares = squares();
    int exponent = 2 * total.exponent();
    int squaresExponent = totalSquares.exponent();
    int common = Math.min(exponent, squaresExponent);
    BigInteger numerator =
        n.multiply(totalSquares.integer())
            .shiftLeft(squaresExponent - common)
            .subtract(total.integer().pow(2).shiftLeft(exponent - common));
    return new Ratio(numerator, n, common + SQUARES_UNIT);
  }
}
