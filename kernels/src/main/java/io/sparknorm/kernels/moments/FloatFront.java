package io.sparknorm.kernels.moments;

import java.util.Arrays;

/**
 * The front for floats, with three parts per window: Q1 and Q2 of the squares, and S of the sum.
 * With h = e - 52, N = 2^12 values at most and L = ceil((h + 12 - 53) / 2), all values being
 * multiples of {@code 2^L}:
 *
 * <ul>
 *   <li>A float's square is exact in a double. Q1 rounds it to a multiple of {@code 2^h}, and Q2
 *       takes what that lost: at most {@code 2^(h - 1)} each time, {@code 2^(h + 11) <= 2^(2L +
 *       52)} in total, in multiples of {@code 2^2L}.
 *   <li>By Cauchy-Schwarz the sum over any of the values is at most {@code sqrt(N * 2^e)}, which is
 *       {@code 2^((h + 64) / 2) <= 2^(L + 52.5)}.
 * </ul>
 *
 * <p>No integer beyond {@code 2^53} times its unit, so no rounding.
 */
final class FloatFront extends Front<float[]> {
  static final int MAGNITUDE = Integer.MAX_VALUE;

  /**
   * Four times as many values would send four times as many small ones down the slow road; a
   * quarter would empty windows four times as often. Both then show.
   */
  private static final int CAPACITY_WIDTH = 12;

  private static final int PARTS = 3;

  /** What a channel takes at least. */
  static final long LEAST_BYTES = leastBytes(Float.BYTES, PARTS);

  /** The squares of floats lie between 2^-298 and 2^256, and a window holds up to 2^13 of them. */
  private static final int MIN_EXPONENT = -300;

  private static final int MAX_EXPONENT = 270;

  private static final int FRACTION_WIDTH = 23;

  /** A float with biased exponent E, at least 1, is a multiple of 2^(E - 150). */
  private static final int UNIT_BIAS = 150;

  private final TileLoops loops;
  private final int[] least = new int[TileLoops.TILE];

  /** What the smallest magnitudes have to be for each lane's window; at first, those of zeros. */
  private final int[] limits;

  FloatFront(ChannelMoments[] channels, TileLoops loops) {
    super(channels, Float.BYTES, PARTS, 2, CAPACITY_WIDTH);
    limits = new int[stride()];
    Arrays.fill(limits, MAGNITUDE);
    this.loops = loops;
  }

  /** Orders floats by magnitude, zeros last: adding wraps all others round. */
  static int order(float value) {
    return (Float.floatToRawIntBits(value) & MAGNITUDE) + MAGNITUDE;
  }

  @Override
  float[] newArray(int length) {
    return new float[length];
  }

  @Override
  void copy(float[] x, int from, int n, float[] to, int at) {
    System.arraycopy(x, from, to, at, n);
  }

  @Override
  double anchor(int part, int exponent) {
    return part == 0 ? Math.scalb(1.0, exponent) : 0;
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
  void accumulate(float[] x, int from, int stride, int rows, double[][] window, double[][] sums) {
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

  /** The bits of the smallest magnitude from which on all floats are multiples of 2^L. */
  private static int leastOnGrid(int exponent) {
    if (exponent == UNSET) {
      return 0; // passes zeros alone
    }

    int unit = (exponent - 52 + CAPACITY_WIDTH - 53 + 1) >> 1;
    return Math.max(1, (unit + UNIT_BIAS) << FRACTION_WIDTH);
  }

  @Override
  double squares(float[] x, int from, int stride, int n) {
    double sum = 0;
    for (int i = 0, at = from; i < n; i++, at += stride) {
      double v = x[at];
      sum += v * v;
    }

    return sum;
  }

  @Override
  void addSlowly(ChannelMoments channel, float[] x, int from, int stride, int n) {
    channel.add(x, from, stride, n);
  }

  @Override
  void gather(float[] x, int from, int step, int n, float[] to, int at) {
    for (int i = 0; i < n; i++) {
      to[at + i] = x[from + i * step];
    }
  }
}
