package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import io.sparknorm.spark.JobException;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A plain norm bound to the types of its arguments. Their values come with every row and hardly
 * ever change, so the normalizer for the last ones is kept. Subclasses have an {@code invoke} for
 * every number of arguments.
 */
abstract class BoundNorm extends BoundScalar<ArrayData> {
  private static final long serialVersionUID = 1L;

  private final TensorReader<ArrayData> reader;

  // Threads may overwrite each other's: it is immutable, and made again when it does not match.
  private transient Prepared last;

  BoundNorm(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    super(name, reader.type().resultType(), inputTypes);
    this.reader = reader;
  }

  final ArrayData apply(ArrayData x, NormArguments arguments) {
    Prepared prepared = last;
    if (prepared == null || !prepared.arguments().equals(arguments)) {
      prepared = prepare(arguments);
      last = prepared;
    }

    return prepared.tensors().apply(x);
  }

  final int lengthOf(ArrayData x) {
    return reader.lengthOf(x);
  }

  final Layout layoutOf(UTF8String layout) {
    try {
      return Layouts.of(layout);
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  private JobException refused(IllegalArgumentException why) {
    return JobException.usage("Cannot call %s: %s".formatted(name(), why.getMessage()));
  }

  private Prepared prepare(NormArguments arguments) {
    try {
      RecordShape shape = arguments.shape(depth());
      return new Prepared(
          arguments,
          new TensorNormalizer<>(reader, shape, arguments.norm().normalizer(shape.shape())));
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
  }

  private int depth() {
    return reader.type().depth();
  }

  private record Prepared(NormArguments arguments, TensorNormalizer<ArrayData> tensors) {}
}
