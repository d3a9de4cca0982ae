package io.sparknorm.kernels.moments;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * An integer of some hundred bits as its shortest two's complement in 32-bit digits, without zero
 * digits at the low end; zero has no digits. Digit i weighs {@code 2^(32 * (low + i))}. The form is
 * canonical: equal numbers have equal digits.
 */
final class ExactSum {
  static final int DIGIT_WIDTH = 32;
  static final long DIGIT = (1L << DIGIT_WIDTH) - 1;
  static final ExactSum ZERO = new ExactSum(0, new long[0]);

  private final int low;
  private final long[] digits;

  private ExactSum(int low, long[] digits) {
    this.low = low;
    this.digits = digits;
  }

  /**
   * The number that limbs with carries still to be settled add up to: limb i weighs {@code 2^(32 *
   * (low + i))} and is any long that leaves room for a carry of 32 bits.
   */
  static ExactSum of(int low, long[] limbs) {
    long[] digits = new long[limbs.length + 1];
    long carry = 0;
    for (int i = 0; i < limbs.length; i++) {
      long limb = limbs[i] + carry;
      digits[i] = limb & DIGIT;
      carry = limb >> DIGIT_WIDTH;
    }

    // The last digit keeps the sign, so it is redundant where the one below implies it.
    int last = limbs.length;
    digits[last] = carry;
    while (last > 0 && digits[last] == (int) digits[last - 1] >> 31) {
      last--;
      digits[last] = (int) digits[last];
    }

    int first = 0;
    while (first < last && digits[first] == 0) {
      first++;
    }

    return digits[first] == 0
        ? ZERO
        : new ExactSum(low + first, Arrays.copyOfRange(digits, first, last + 1));
  }

  /** The difference, in the same units. */
  ExactSum minus(ExactSum other) {
    int from = Math.min(low, other.low);
    long[] limbs = new long[Math.max(end(), other.end()) - from];
    System.arraycopy(digits, 0, limbs, low - from, digits.length);
    for (int i = 0; i < other.digits.length; i++) {
      limbs[other.low - from + i] -= other.digits[i];
    }

    return of(from, limbs);
  }

  boolean isNegative() {
    return digits.length > 0 && digits[digits.length - 1] < 0;
  }

  int low() {
    return low;
  }

  int size() {
    return digits.length;
  }

  /** The weight, in digits, that is just too high for the number. */
  int end() {
    return low + digits.length;
  }

  /** A digit from 0 to 2^32 - 1; the last one, which has the sign, from -2^31 to 2^31 - 1. */
  long digit(int index) {
    return digits[index];
  }

  /** The weight of the first digit is {@code 2^exponent}. */
  int exponent() {
    return DIGIT_WIDTH * low;
  }

  /** The number divided by {@code 2^exponent}. */
  BigInteger integer() {
    if (digits.length == 0) {
      return BigInteger.ZERO;
    }

    byte[] bytes = new byte[digits.length * Integer.BYTES];
    for (int i = 0, at = bytes.length; i < digits.length; i++) {
      int digit = (int) digits[i];
      bytes[--at] = (byte) digit;
      bytes[--at] = (byte) (digit >> 8);
      bytes[--at] = (byte) (digit >> 16);
      bytes[--at] = (byte) (digit >> 24);
    }

    return new BigInteger(bytes);
  }
}
