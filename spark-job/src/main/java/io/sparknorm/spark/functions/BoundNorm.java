package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import io.sparknorm.spark.JobException;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A plain norm bound to the types of its arguments. Their values come with every row and hardly
 * ever change, so the normalizer for the last ones is kept.
 *
 * <p>Spark finds {@code invoke} only in the class itself, never inherited: subclasses have one for
 * every number of arguments.
 */
abstract class BoundNorm implements ScalarFunction<ArrayData> {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final TensorReader<ArrayData> reader;
  private final DataType[] inputTypes;

  // Threads may overwrite each other's: it is immutable, and made again when it does not match.
  private transient Prepared last;

  BoundNorm(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    this.name = name;
    this.reader = reader;
    this.inputTypes = inputTypes;
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
    return JobException.usage("Cannot call %s: %s".formatted(name, why.getMessage()));
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

  @Override
  public DataType[] inputTypes() {
    return inputTypes.clone();
  }

  @Override
  public DataType resultType() {
    return reader.type().resultType();
  }

  @Override
  public String name() {
    return name;
  }

  /** What EXPLAIN shows before {@code .invoke}. */
  @Override
  public final String toString() {
    return name;
  }

  private record Prepared(NormArguments arguments, TensorNormalizer<ArrayData> tensors) {}
}
