package io.sparknorm.kernels;

/** The map {@code x * sigmoid(slope[c] * x) * scale[c] + offset[c]}. */
record GatedScale(double[] slope, double[] scale, double[] offset) implements ChannelMap {
  /** The map of so many rows on end; this one, of one at most. */
  GatedScale repeated(int times) {
    return times > 1
        ? new GatedScale(repeated(slope, times), repeated(scale, times), repeated(offset, times))
        : this;
  }

  private static double[] repeated(double[] values, int times) {
    double[] all = new double[values.length * times];
    for (int start = 0; start < all.length; start += values.length) {
      System.arraycopy(values, 0, all, start, values.length);
    }

    return all;
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
