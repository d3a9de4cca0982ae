package io.sparknorm.kernels;

import java.io.Serializable;

/** The map {@code (x - shift[c]) * scale[c] + offset[c]}. */
record ShiftScale(double[] shift, double[] scale, double[] offset) implements Serializable {
  /** The map {@code x * scale[c] + offset[c]}. */
  static ShiftScale of(double[] scale, double[] offset) {
    return new ShiftScale(new double[scale.length], scale, offset);
  }
}
