package io.sparknorm.kernels;

/** The function applied after the norm and its affine map, as in GN-ReLU or GN-Swish. */
public enum Activation {
  NONE,
  /** {@code max(y, 0)}. */
  RELU,
  /** {@code y * sigmoid(y)}, also called Swish. */
  SILU,
  /** {@code 1 / (1 + exp(-y))}. */
  SIGMOID;

  void apply(DoubleLoops loops, double[] y, int n) {
    switch (this) {
      case NONE -> {}
      case RELU -> loops.clampBelowZero(y, n);
      case SILU -> {
        double[] gates = new double[n];
        loops.sigmoid(y, n, gates);
        loops.multiply(y, n, gates);
      }
      case SIGMOID -> loops.sigmoid(y, n, y);
    }
  }
}
