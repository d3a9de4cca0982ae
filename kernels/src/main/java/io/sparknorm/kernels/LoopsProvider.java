package io.sparknorm.kernels;

/** The loops that this Java virtual machine runs fastest. */
record LoopsProvider(Loops<float[]> floats, Loops<double[]> doubles) {
  static final LoopsProvider SCALAR =
      new LoopsProvider(ScalarFloats.INSTANCE, ScalarDoubles.INSTANCE);

  static LoopsProvider best() {
    return SCALAR;
  }
}
