package io.sparknorm.kernels;

/** The map {@code x * sigmoid(slope[c] * x) * scale[c] + offset[c]}. */
record GatedScale(double[] slope, double[] scale, double[] offset) implements ChannelMap {
  @Override
  public <A> void mapRows(Loops<A> loops, A x, int from, int to, A out) {
    loops.mapRows(x, from, to, this, out);
  }

  @Override
  public <A> void mapRuns(Loops<A> loops, A x, int from, int runs, int length, int c, A out) {
    loops.mapRuns(x, from, runs, length, this, c, out);
  }
}
