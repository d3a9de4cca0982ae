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

  /** Beyond it, a sigmoid is 0 or 1. */
  private static final double LIMIT = 1000;

  /** Sets the first n elements of out, another array; y is of no use afterwards. */
  void apply(Loops<?> loops, double[] y, int n, double[] out) {
    switch (this) {
      case NONE -> System.arraycopy(y, 0, out, 0, n);
      case RELU -> {
        for (int i = 0; i < n; i++) {
          out[i] = Math.max(y[i], 0);
        }
      }
      case SILU -> {
        for (int i = 0; i < n; i++) {
          // A quotient of two infinities, as torch.nn.functional.silu has it.
          boolean isLeast = y[i] == Double.NEGATIVE_INFINITY;
          y[i] = isLeast ? Double.NaN : Math.max(-LIMIT, y[i]);
          out[i] = Math.min(LIMIT, y[i]);
        }

        loops.gate(y, out, n, out);
      }
      case SIGMOID -> {
        for (int i = 0; i < n; i++) {
          out[i] = Double.isNaN(y[i]) ? y[i] : 1;
          y[i] = limited(y[i]);
        }

        loops.gate(out, y, n, out);
      }
    }
  }

  /** A number whose sigmoid is the same. */
  private static double limited(double t) {
    return Math.max(-LIMIT, Math.min(LIMIT, t));
  }
}
