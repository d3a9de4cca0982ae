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
  static <V> TensorNormalizer<V> of(TensorType<V> type, FaultRules rules, Normalizer normalizer) {
    return new TensorNormalizer<>(
        new TensorReader<>(type, rules),
        RecordShape.of(normalizer.shape(), type.depth()),
        normalizer);
  }

  /** Null for a null or misshapen array that is let pass, and for a record to be dropped. */
  V apply(V value) {
    CheckedTensor tensor = reader.read(value, shape);
    if (tensor.isEmpty()) {
      return null;
    }

    try {
      tensor.normalise(normalizer);
    } catch (IllegalArgumentException e) {
      throw reader.rules().refused(e);
    }

    return reader.type().write(tensor.elements(), tensor.nulls(), value);
  }
}
