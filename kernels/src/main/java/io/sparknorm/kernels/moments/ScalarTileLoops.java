package io.sparknorm.kernels.moments;

/** Plain Java, for any virtual machine. */
enum ScalarTileLoops implements TileLoops {
  INSTANCE;

  /** Splits a double into two of 26 bits (Dekker 1971, section 4). */
  private static final double SPLITTER = 0x1p27 + 1;

  private static final int FRACTION_WIDTH = 52;

  @Override
  public void add(
      float[] x, int from, int stride, int rows, double[][] parts, double[][] sums, int[] least) {
    copy(parts, sums);
    double[] q1 = sums[0];
    double[] q2 = sums[1];
    double[] s = sums[2];
    for (int r = 0; r < rows; r++) {
      int at = from + r * stride;
      for (int l = 0; l < TILE; l++) {
        float value = x[at + l];
        double v = value;
        double square = v * v;
        double before = q1[l];
        double after = before + square;
        q1[l] = after;
        q2[l] += square - (after - before);
        s[l] += v;
        least[l] = Math.min(least[l], FloatFront.order(value));
      }
    }
  }

  @Override
  public void add(
      double[] x, int from, int stride, int rows, double[][] parts, double[][] sums, long[] least) {
    copy(parts, sums);
    double[] q1 = sums[0];
    double[] q2 = sums[1];
    double[] e1 = sums[2];
    double[] e2 = sums[3];
    double[] s1 = sums[4];
    double[] s2 = sums[5];
    for (int r = 0; r < rows; r++) {
      int at = from + r * stride;
      for (int l = 0; l < TILE; l++) {
        double v = x[at + l];
        // What the square's rounding lost, without the fused multiply-add that some hardware lacks.
        double scaled = v * SPLITTER;
        double high = scaled - (scaled - v);
        double low = v - high;
        double square = v * v;
        double lost = high * high - square + 2 * high * low + low * low;

        double before = q1[l];
        double after = before + square;
        q1[l] = after;
        q2[l] += square - (after - before);

        before = e1[l];
        after = before + lost;
        e1[l] = after;
        e2[l] += lost - (after - before);

        before = s1[l];
        after = before + v;
        s1[l] = after;
        s2[l] += v - (after - before);
        least[l] = Math.min(least[l], DoubleFront.order(v));
      }
    }
  }

  @Override
  public boolean allFit(double[] before, double[] after, int[] least, int[] limits, int first) {
    boolean areOnGrid = true;
    for (int l = 0; l < TILE; l++) {
      areOnGrid &= least[l] >= limits[first + l];
    }

    return areOnGrid && haveSameExponents(before, after);
  }

  @Override
  public boolean allFit(double[] before, double[] after, long[] least, long[] limits, int first) {
    boolean areOnGrid = true;
    for (int l = 0; l < TILE; l++) {
      areOnGrid &= least[l] >= limits[first + l];
    }

    return areOnGrid && haveSameExponents(before, after);
  }

  private static boolean haveSameExponents(double[] before, double[] after) {
    long changes = 0;
    for (int l = 0; l < TILE; l++) {
      changes |= Double.doubleToRawLongBits(before[l]) ^ Double.doubleToRawLongBits(after[l]);
    }

    return changes >>> FRACTION_WIDTH == 0;
  }

  private static void copy(double[][] parts, double[][] sums) {
    for (int p = 0; p < parts.length; p++) {
      System.arraycopy(parts[p], 0, sums[p], 0, TILE);
    }
  }
}
