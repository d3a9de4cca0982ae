package io.sparknorm.kernels.moments;

import java.io.DataOutput;
import java.io.IOException;

/** Exact moments to which nothing more is added: in memory, as {@link Moments}, or elsewhere. */
public interface ExactState {
  int channels();

  /** What {@link Statistics} says of the values. */
  Statistics statistics();

  /**
   * Writes the canonical state: equal moments write equal bytes. {@code MomentsState} describes the
   * format.
   */
  void write(DataOutput out) throws IOException;
}
