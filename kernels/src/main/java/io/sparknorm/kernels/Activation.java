package io.sparknorm.kernels;

import java.util.Arrays;

/** The function applied after the norm and its affine map, as in GN-ReLU or GN-Swish. */
public enum Activation {
  NONE,
  /** {@code max(y, 0)}. */
  RELU,
  /** {@code y * sigmoid(y)}, also called Swish. */
  SILU,
  /** {@code 1 / (1 + exp(-y))}. */
  SIGMOID;

  /** Sets the first n elements of out, another array. */
  void apply(Loops<?> loops, double[] y, int n, double[] out) {
    switch (this) {
      case NONE -> System.arraycopy(y, 0, out, 0, n);
      case RELU -> {
        for (int i = 0; i < n; i++) {
          out[i] = Math.max(y[i], 0);
        }
      }
      case SILU -> loops.gate(y, y, n, out);
      case SIGMOID -> {
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        loops.gate(ones, y, n, out);
      }
    }
  }
}
