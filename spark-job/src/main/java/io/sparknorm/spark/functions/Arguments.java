package io.sparknorm.spark.functions;

import org.apache.spark.sql.types.StructType;

/** What every {@code bind} asks of its input; Spark shows these messages with the query. */
final class Arguments {
  private Arguments() {}

  /** The tensor type of the first argument, which has to be the only one. */
  static TensorType<?> onlyTensor(StructType inputType) {
    if (inputType.size() != 1) {
      throw new UnsupportedOperationException(
          "Wrong number of inputs: %d (expected 1, the tensor)".formatted(inputType.size()));
    }

    return tensor(inputType);
  }

  /** The tensor type of the first argument. */
  static TensorType<?> tensor(StructType inputType) {
    try {
      return TensorType.of(inputType.fields()[0].dataType());
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }
}
