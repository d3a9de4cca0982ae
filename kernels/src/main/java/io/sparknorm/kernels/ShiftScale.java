package io.sparknorm.kernels;

import java.io.Serializable;

/** The map {@code (x - shift[c]) * scale[c] + offset[c]}. */
record ShiftScale(double[] shift, double[] scale, double[] offset)
    implements ChannelMap, Serializable {
  /** The map {@code x * scale[c] + offset[c]}. */
  static ShiftScale of(double[] scale, double[] offset) {
    return new ShiftScale(new double[scale.length], scale, offset);
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
