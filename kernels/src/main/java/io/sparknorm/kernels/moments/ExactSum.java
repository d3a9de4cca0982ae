package io.sparknorm.kernels.moments;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * A sum of integers, exact: a fixed-point superaccumulator (Kulisch, "Computer Arithmetic and
 * Validity", 2008, section 8) in 64-bit limbs that stand 32 bits apart, so that carries can wait.
 * Limb i weighs {@code 2^(32 * (low + i))}; only the limbs that the data reaches are there.
 *
 * <p>A deposit changes a limb by less than {@code 2^32}. The caller carries often enough for no
 * limb to leave the range of a long: 2^30 deposits after a {@link #carry()} are safe.
 *
 * <p>The canonical form, which {@link #canonical()} gives, is the number's shortest two's
 * complement in 32-bit digits without zero digits at the low end; zero has no digits. Equal numbers
 * have equal canonical forms, whatever was added in whatever order.
 */
final class ExactSum {
  private static final int DIGIT_WIDTH = 32;
  private static final long DIGIT = (1L << DIGIT_WIDTH) - 1;
  private static final long[] NO_LIMBS = {};

  private int low;
  private long[] limbs;

  ExactSum() {
    this(0, NO_LIMBS);
  }

  /** Takes the array over. */
  ExactSum(int low, long[] limbs) {
    this.low = low;
    this.limbs = limbs;
  }

  int low() {
    return low;
  }

  /** The first limb weighs {@code 2^exponent}. */
  int exponent() {
    return DIGIT_WIDTH * low;
  }

  int size() {
    return limbs.length;
  }

  long limb(int index) {
    return limbs[index];
  }

  /**
   * Adds {@code magnitude * 2^position}, or subtracts it.
   *
   * @param position at least 0
   * @param magnitude an unsigned number of 64 bits
   * @param sign 0 to add, -1 to subtract
   */
  void deposit(int position, long magnitude, long sign) {
    int at = (position >> 5) - low;
    if (at < 0 || at + 3 > limbs.length) {
      cover(position >> 5, 3);
      at = (position >> 5) - low;
    }

    int shift = position & 31;
    long[] into = limbs;
    into[at] += (((magnitude << shift) & DIGIT) ^ sign) - sign;
    into[at + 1] += (((magnitude >>> (32 - shift)) & DIGIT) ^ sign) - sign;
    // Two steps, because a shift by 64 would be a shift by 0.
    into[at + 2] += ((magnitude >>> 32 >>> (32 - shift)) ^ sign) - sign;
  }

  /** Adds another sum; counts as one deposit. */
  void add(ExactSum other) {
    ExactSum digits = other.canonical();
    if (digits.limbs.length == 0) {
      return;
    }

    cover(digits.low, digits.limbs.length);
    for (int i = 0, at = digits.low - low; i < digits.limbs.length; i++, at++) {
      limbs[at] += digits.limbs[i];
    }
  }

  /** Makes room for as many deposits as after the start. */
  void carry() {
    ExactSum carried = canonical();
    low = carried.low;
    limbs = carried.limbs;
  }

  /** The same number in the form that depends on nothing else. */
  ExactSum canonical() {
    long[] digits = new long[limbs.length + 1];
    long carry = 0;
    for (int i = 0; i < limbs.length; i++) {
      long limb = limbs[i] + carry;
      digits[i] = limb & DIGIT;
      carry = limb >> 32;
    }

    int last = limbs.length;
    digits[last] = carry;
    // The last digit keeps the sign, so it is redundant only where the one below implies it.
    while (last > 0 && digits[last] == (int) digits[last - 1] >> 31) {
      last--;
      digits[last] = (int) digits[last];
    }

    int first = 0;
    while (first < last && digits[first] == 0) {
      first++;
    }

    return last == 0 && digits[0] == 0
        ? new ExactSum()
        : new ExactSum(low + first, Arrays.copyOfRange(digits, first, last + 1));
  }

  /** The sum, to be multiplied by {@code 2^exponent}; of a canonical form only. */
  BigInteger digits() {
    byte[] bytes = new byte[4 * limbs.length];
    for (int i = 0, at = bytes.length; i < limbs.length; i++) {
      long limb = limbs[i];
      bytes[--at] = (byte) limb;
      bytes[--at] = (byte) (limb >> 8);
      bytes[--at] = (byte) (limb >> 16);
      bytes[--at] = (byte) (limb >> 24);
    }

    return bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
  }

  /** Widens the limbs to take in so many from a position on. */
  private void cover(int from, int count) {
    if (limbs.length == 0) {
      low = from;
    }

    int newLow = Math.min(low, from);
    int newEnd = Math.max(low + limbs.length, from + count);
    long[] wider = new long[newEnd - newLow];
    System.arraycopy(limbs, 0, wider, low - newLow, limbs.length);
    low = newLow;
    limbs = wider;
  }
}
