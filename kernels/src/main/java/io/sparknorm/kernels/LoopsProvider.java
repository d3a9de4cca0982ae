package io.sparknorm.kernels;

/** An implementation of the loops for each element type. */
record LoopsProvider(Loops<float[]> floats, Loops<double[]> doubles) {
  static final LoopsProvider SCALAR = new LoopsProvider(new ScalarFloats(), new ScalarDoubles());

  /** The fastest implementation that this Java virtual machine runs. */
  static LoopsProvider best() {
    return Holder.BEST;
  }

  /**
   * The loops with vectors.
   *
   * @throws LinkageError if {@link VectorInstructions} are not available
   */
  static LoopsProvider vector() {
    return new LoopsProvider(new VectorFloats(), new VectorDoubles());
  }

  private static final class Holder {
    static final LoopsProvider BEST = VectorInstructions.areAvailable() ? vector() : SCALAR;
  }
}
