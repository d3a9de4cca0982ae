package io.sparknorm.kernels.moments;

import java.io.Serializable;

/** How much of a new dataset enters the running statistics. */
public record Momentum(double value, Convention convention) implements Serializable {
  /** Which side {@code value} weighs; the field disagrees, so there is no default. */
  public enum Convention {
    /** {@code running = (1 - m) * running + m * batch}: PyTorch, usually 0.1. */
    NEW_WEIGHT,
    /** {@code running = m * running + (1 - m) * batch}: ONNX and TensorFlow, usually 0.9. */
    OLD_WEIGHT,
    /** The k-th batch has weight 1/k, PyTorch's {@code momentum = None}; the value is ignored. */
    CUMULATIVE
  }

  /** The average in which each batch weighs alike. */
  public static final Momentum CUMULATIVE = new Momentum(0, Convention.CUMULATIVE);

  public Momentum {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "Invalid momentum: %s (must be between 0 and 1)".formatted(value));
    }
  }

  /** The weight of the batch that is the k-th, counting from 1. */
  double weightOf(long k) {
    return switch (convention) {
      case NEW_WEIGHT -> value;
      case OLD_WEIGHT -> 1 - value;
      case CUMULATIVE -> 1.0 / k;
    };
  }
}
