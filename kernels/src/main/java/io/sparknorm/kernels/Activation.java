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

  double of(double y) {
    return switch (this) {
      case NONE -> y;
      case RELU -> Math.max(y, 0);
      case SILU -> y * Sigmoid.of(y);
      case SIGMOID -> Sigmoid.of(y);
    };
  }
}
