package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Normalizer;
import java.io.Serializable;

/**
 * Normalises the tensors of a column: one bulk copy in, the kernel, one bulk copy out.
 *
 * @param <V> what Spark holds a value of the column in
 */
record TensorNormalizer<V>(TensorReader<V> reader, RecordShape shape, Normalizer normalizer)
    implements Serializable {
  /** Parameters for so many elements make half a megabyte or more, and go by broadcast. */
  private static final int LARGE = 1 << 15;

  /**
   * For functions, which tasks carry.
   *
   * @throws IllegalArgumentException if the column cannot hold tensors of the normalizer's shape
   */
  static <V> Shared<TensorNormalizer<V>> shared(
      TensorType<V> type, FaultRules rules, Normalizer normalizer) {
    TensorNormalizer<V> tensors =
        new TensorNormalizer<>(
            new TensorReader<>(type, rules),
            RecordShape.of(normalizer.shape(), type.depth()),
            normalizer);
    return normalizer.shape().fixedLength() < LARGE
        ? Shared.carried(tensors)
        : Shared.broadcast(tensors);
  }

  /** Null for a null or misshapen array that is let pass, and for a record to be dropped. */
  V apply(V value) {
    CheckedTensor tensor = reader.read(value, shape);
    if (tensor.isEmpty()) {
      return null;
    }

    normalise(tensor);
    return write(tensor, value);
  }

  /** Normalises a tensor that is not empty, in place. */
  void normalise(CheckedTensor tensor) {
    normalise(tensor, normalizer);
  }

  /** As {@link #normalise(CheckedTensor)}, by another normalizer of the same shape. */
  void normalise(CheckedTensor tensor, Normalizer by) {
    try {
      tensor.normalise(by);
    } catch (IllegalArgumentException e) {
      throw reader.rules().refused(e);
    }
  }

  /** The value for a normalised tensor that was read from {@code like}. */
  V write(CheckedTensor tensor, V like) {
    return reader.type().write(tensor.elements(), tensor.nulls(), like);
  }
}
