package io.sparknorm.kernels;

/**
 * The map {@code x / max(floor[c], slope[c] * x + offset[c]) * weight[c] + bias[c]}. A divisor of 0
 * gives the bias, not NaN: the slice has no variance and epsilon is 0.
 */
record MaxDivision(double[] floor, double[] slope, double[] offset, double[] weight, double[] bias)
    implements ChannelMap {
  double of(double x, int c) {
    double divisor = Math.max(floor[c], slope[c] * x + offset[c]);
    return divisor == 0 ? bias[c] : x / divisor * weight[c] + bias[c];
  }

  /** Whether the divisor of every channel between two is a number above 0, or NaN. */
  boolean isPositive(int from, int to) {
    boolean positive = true;
    for (int c = from; c < to; c++) {
      positive &= floor[c] > 0;
    }

    return positive;
  }

  @Override
  public <A> void mapRows(Loops<A> loops, A x, int from, int to, A out) {
    loops.mapRows(x, from, to, this, out);
  }

  @Override
  public <A> void mapRuns(Loops<A> loops, A x, int from, int runs, int length, int c, A out) {
    loops.mapRuns(x, from, runs, length, this, c, out);
  }
}
