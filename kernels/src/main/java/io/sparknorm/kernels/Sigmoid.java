package io.sparknorm.kernels;

/**
 * The logistic function {@code 1 / (1 + exp(-t))}, for every double within 3 units in the last
 * place; 0 below -709.8, where the exponential is infinite.
 *
 * <p>It takes sums and products only, in one order, so that the vector form gives the same bits and
 * both give them on every machine, which {@link Math#exp} does not promise. The exponential is
 * {@code 2^k * exp(r)} with |r| at most ln(2) / 2; there {@code (exp(r) - 1 - r) / r^2} is the
 * polynomial that meets it at the ten Chebyshev nodes, which is off exp(r) by 2^-55.8 of it.
 */
final class Sigmoid {
  /** Below it, adding the exponential to 1 gives 1. */
  static final double LOWEST = -40;

  /** Above it, the exponential is infinite. */
  static final double HIGHEST = 746;

  static final double LOG2_E = 1.4426950408889634;

  /** Adding it rounds to an integer, which is then in the low bits of the sum. */
  static final double ROUNDER = 0x1.8p52;

  /** The logarithm of 2: the upper part ends in 21 zeros, so that k times it is exact. */
  static final double LN2_HIGH = 0x1.62e42fee00000p-1;

  static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  /** Makes an exponent of k - 64: the power of two is finite where the exponential overflows. */
  static final long EXPONENT_BIAS = Double.MAX_EXPONENT - 64;

  static final int EXPONENT_SHIFT = 52;

  static final double TWO_TO_64 = 0x1p64;

  /** The coefficients of the powers of r. */
  static final double C2 = 0x1.0000000000001p-1;

  static final double C3 = 0x1.5555555555556p-3;
  static final double C4 = 0x1.5555555553d63p-5;
  static final double C5 = 0x1.11111111109b3p-7;
  static final double C6 = 0x1.6c16c1788bd90p-10;
  static final double C7 = 0x1.a01a01a7c41d5p-13;
  static final double C8 = 0x1.a019b90d2ae7ap-16;
  static final double C9 = 0x1.71de0dae63bb3p-19;
  static final double C10 = 0x1.289185613a3d6p-22;
  static final double C11 = 0x1.af38a9b0ec855p-26;

  private Sigmoid() {}

  static double of(double t) {
    double z = -t;
    // Comparisons that NaN passes through; Math.max and Math.min take several instructions.
    if (z < LOWEST) {
      z = LOWEST;
    } else if (z > HIGHEST) {
      z = HIGHEST;
    }

    double shifted = z * LOG2_E + ROUNDER;
    double k = shifted - ROUNDER;
    double r = z - k * LN2_HIGH - k * LN2_LOW;
    double r2 = r * r;
    // Even and odd powers apart: two short chains run side by side.
    double even = (((C10 * r2 + C8) * r2 + C6) * r2 + C4) * r2 + C2;
    double odd = (((C11 * r2 + C9) * r2 + C7) * r2 + C5) * r2 + C3;
    double power = (odd * r + even) * r2 + r + 1;
    long exponent = (Double.doubleToRawLongBits(shifted) + EXPONENT_BIAS) << EXPONENT_SHIFT;
    double e = power * Double.longBitsToDouble(exponent) * TWO_TO_64;
    return 1 / (1 + e);
  }
}
