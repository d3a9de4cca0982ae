package io.sparknorm.kernels;

/** Where epsilon enters the denominator. */
public enum EpsilonPlacement {
  /** {@code sqrt(variance + epsilon)}: PyTorch, TensorFlow, ONNX. */
  INSIDE_SQRT,
  /**
   * {@code sqrt(variance) + epsilon}: the Annotated Transformer, ONNX mean-variance normalisation.
   */
  OUTSIDE_SQRT
}
