package io.sparknorm.kernels.moments;

import java.util.Arrays;

/**
 * The front for doubles, with six parts per window. A square is a product p and what its rounding
 * lost (Dekker, "A floating-point technique for extending the available precision", 1971, section
 * 5): Q1 and Q2 take the products, E1 and E2 the losses, S1 and S2 the values themselves. Of each
 * pair the first starts at an anchor that fixes its unit, and the second takes, exactly, what the
 * first rounds off. With h = e - 52, N = 2^10 values at most, and M = ceil((h + 9) / 2), all values
 * being {@code 2^M} at least and so multiples of {@code 2^(M - 52)}:
 *
 * <ul>
 *   <li>Q1 has the unit {@code 2^h}, so that Q2 collects at most {@code 2^(h + 9)}, in multiples of
 *       {@code 2^(2M - 52) >= 2^(h - 43)}, as the products are.
 *   <li>A loss is at most {@code 2^-53} of its product, and all are at most {@code 2^(h - 1)}, give
 *       or take what Q2 holds. E1, from its anchor {@code 1.5 * 2^(h + 1)}, may move by {@code 2^h}
 *       without changing its unit {@code 2^(h - 51)}. E2 collects at most {@code 2^(h - 42)}, in
 *       multiples of {@code 2^(2M - 104) >= 2^(h - 95)}.
 *   <li>By Cauchy-Schwarz the sum over any of the values is at most {@code sqrt(N * 2^e)}, half of
 *       what S1 may move by from {@code 1.5 * 2^(g + 52)} with its unit {@code 2^g}, {@code g =
 *       ceil((e + 10) / 2) - 50}. S2 collects at most {@code 2^(g + 9) < 2^(M + 1)}.
 * </ul>
 *
 * <p>No integer beyond {@code 2^53} times its unit, so no rounding.
 */
final class DoubleFront extends Front<double[]> {
  static final long MAGNITUDE = Long.MAX_VALUE;

  private static final int CAPACITY_WIDTH = 10;

  private static final int PARTS = 6;

  /** What a channel takes at least. */
  static final long LEAST_BYTES = leastBytes(Double.BYTES, PARTS);

  /** Keeps the units of squares far above the smallest double, so that products lose nothing. */
  private static final int MIN_EXPONENT = -840;

  /** Keeps splitting from overflow. */
  private static final int MAX_EXPONENT = 960;

  private static final int FRACTION_WIDTH = 52;

  private final TileLoops loops;
  private final long[] least = new long[TileLoops.TILE];

  /** What the smallest magnitudes have to be for each lane's window; at first, those of zeros. */
  private final long[] limits;

  DoubleFront(ChannelMoments[] channels, TileLoops loops) {
    super(channels, Double.BYTES, PARTS, 4, CAPACITY_WIDTH);
    limits = new long[stride()];
    Arrays.fill(limits, MAGNITUDE);
    this.loops = loops;
  }

  /** Orders doubles by magnitude, zeros last: adding wraps all others round. */
  static long order(double value) {
    return (Double.doubleToRawLongBits(value) & MAGNITUDE) + MAGNITUDE;
  }

  @Override
  double[] newArray(int length) {
    return new double[length];
  }

  @Override
  void copy(double[] x, int from, int n, double[] to, int at) {
    System.arraycopy(x, from, to, at, n);
  }

  @Override
  double anchor(int part, int exponent) {
    return switch (part) {
      case 0 -> Math.scalb(1.0, exponent);
      case 2 -> Math.scalb(1.5, exponent - 51);
      case 4 -> Math.scalb(1.5, ((exponent + CAPACITY_WIDTH + 1) >> 1) + 2);
      default -> 0;
    };
  }

  @Override
  boolean allows(int exponent) {
    return exponent >= MIN_EXPONENT && exponent <= MAX_EXPONENT;
  }

  @Override
  void clearLeast() {
    Arrays.fill(least, MAGNITUDE);
  }

  @Override
  void accumulate(double[] x, int from, int stride, int rows, double[][] window, double[][] sums) {
    loops.add(x, from, stride, rows, window, sums, least);
  }

  @Override
  void limit(int l, int exponent) {
    limits[l] = leastOnGrid(exponent) + MAGNITUDE;
  }

  @Override
  boolean allFit(int first, double[] before, double[] after) {
    return loops.allFit(before, after, least, limits, first);
  }

  @Override
  boolean isOnGrid(int laneOfTile, int exponent) {
    return least[laneOfTile] >= leastOnGrid(exponent) + MAGNITUDE;
  }

  /** The bits of 2^M. */
  private static long leastOnGrid(int exponent) {
    if (exponent == UNSET) {
      return 0; // passes zeros alone
    }

    int least = (exponent - 52 + CAPACITY_WIDTH) >> 1;
    return (long) (least + Double.MAX_EXPONENT) << FRACTION_WIDTH;
  }

  @Override
  double squares(double[] x, int from, int stride, int n) {
    double sum = 0;
    for (int i = 0, at = from; i < n; i++, at += stride) {
      sum += x[at] * x[at];
    }

    return sum;
  }

  @Override
  void addSlowly(ChannelMoments channel, double[] x, int from, int stride, int n) {
    channel.add(x, from, stride, n);
  }

  @Override
  void gather(double[] x, int from, int step, int n, double[] to, int at) {
    for (int i = 0; i < n; i++) {
      to[at + i] = x[from + i * step];
    }
  }
}
