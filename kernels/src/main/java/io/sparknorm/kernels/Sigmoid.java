package io.sparknorm.kernels;

/**
 * The divisor {@code 1 + exp(-t)} of the logistic function.
 *
 * <p>It takes sums and products only, in one order, so that the vector form gives the same bits and
 * both give them on every machine, which {@link Math#exp} does not promise. The exponential is
 * {@code 2^k} times that of a remainder, which is the polynomial that meets it at Chebyshev nodes.
 */
final class Sigmoid {
  static final double LOG2_E = 1.4426950408889634;

  /** Adding it rounds to an integer, which is then in the low bits of the sum. */
  static final double ROUNDER = 0x1.8p52;

  static final int EXPONENT_SHIFT = 52;

  /** The logarithm of 2: the upper part ends in 21 zeros, so that k times it is exact. */
  static final double LN2_HIGH = 0x1.62e42fee00000p-1;

  static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  /** Of {@code (exp(r) - 1 - r) / r^2}, |r| at most ln(2) / 2: off exp(r) by 2^-55.8 of it. */
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

  /** Of {@code 2^f}, |f| at most 1/2: off by 2^-33.1 of it, and exact at 0. */
  static final double P1 = 0x1.62e42fefa39efp-1;

  static final double P2 = 0x1.ebfbe045f4d3cp-3;
  static final double P3 = 0x1.c6b08d883dca1p-5;
  static final double P4 = 0x1.3b2a1b7152befp-7;
  static final double P5 = 0x1.5d879ead06a82p-10;
  static final double P6 = 0x1.443fffc90db59p-13;
  static final double P7 = 0x1.00a581594758ep-16;

  /** Beyond it, the exponential is infinite, or adding it to 1 gives 1. */
  static final double LIMIT = 746;

  /** The bits of a sum with {@link #ROUNDER} for 2^-64, which added to 1 gives 1. */
  static final long LOWEST_BITS = Double.doubleToRawLongBits(ROUNDER) - 64;

  /** Makes an exponent of k - 64: the power of two is finite where the exponential overflows. */
  static final long EXPONENT_BIAS = Double.MAX_EXPONENT - 64;

  static final double TWO_TO_64 = 0x1p64;

  /** As {@link #ROUNDER}, with the bias of an exponent, which the integer then has. */
  static final double BIASED_ROUNDER = ROUNDER + Double.MAX_EXPONENT;

  /** The bits of a sum with {@link #BIASED_ROUNDER} for the first of {@link #EXPONENTS}. */
  static final long LOWEST_BIASED = Double.doubleToRawLongBits(BIASED_ROUNDER) - 512;

  /** How many exponents a coarse power may have: such a number that a few bits tell. */
  static final long EXPONENTS = 1024;

  /** 2 to the power of less, added to 1, gives 1; of more, no float is left of a quotient. */
  static final double COARSE_LIMIT = 512;

  private Sigmoid() {}

  /** Within 3 units in the last place; infinite below -709.8. */
  static double divisor(double t) {
    double z = -t;
    // Comparisons that NaN passes through; Math.max and Math.min take several instructions.
    if (z < -LIMIT) {
      z = -LIMIT;
    } else if (z > LIMIT) {
      z = LIMIT;
    }

    double shifted = z * LOG2_E + ROUNDER;
    double k = shifted - ROUNDER;
    double r = z - k * LN2_HIGH - k * LN2_LOW;
    double r2 = r * r;
    // Even and odd powers apart: two short chains run side by side.
    double even = (((C10 * r2 + C8) * r2 + C6) * r2 + C4) * r2 + C2;
    double odd = (((C11 * r2 + C9) * r2 + C7) * r2 + C5) * r2 + C3;
    double power = (odd * r + even) * r2 + r + 1;
    long bits = Math.max(LOWEST_BITS, Double.doubleToRawLongBits(shifted));
    double scale = Double.longBitsToDouble((bits + EXPONENT_BIAS) << EXPONENT_SHIFT);
    return power * scale * TWO_TO_64 + 1;
  }

  /** {@code 1 + 2^z} within 2^-33 of it; no more than 2^513. */
  static double coarseDivisor(double z) {
    double exponent = limited(z);
    double shifted = exponent + BIASED_ROUNDER;
    double f = exponent - (shifted - BIASED_ROUNDER);
    double f2 = f * f;
    // Upper and lower powers apart: two short chains run side by side.
    double upper = (P7 * f + P6) * f2 + (P5 * f + P4);
    double lower = (P3 * f + P2) * f2 + (P1 * f + 1);
    double power = upper * (f2 * f2) + lower;
    long bits = Double.doubleToRawLongBits(shifted) << EXPONENT_SHIFT;
    return power * Double.longBitsToDouble(bits) + 1;
  }

  /** A number in range for which {@link #coarseDivisor} is the same; NaN passes. */
  static double limited(double z) {
    return z > COARSE_LIMIT ? COARSE_LIMIT : z < -COARSE_LIMIT ? -COARSE_LIMIT : z;
  }
}
