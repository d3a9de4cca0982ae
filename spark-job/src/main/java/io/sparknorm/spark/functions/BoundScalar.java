package io.sparknorm.spark.functions;

import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;

/**
 * A scalar function bound to the types of its arguments.
 *
 * <p>Spark finds {@code invoke} only in the class itself, never inherited: each has its own.
 */
abstract class BoundScalar<R> implements ScalarFunction<R> {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final DataType resultType;
  private final DataType[] inputTypes;

  BoundScalar(String name, DataType resultType, DataType... inputTypes) {
    this.name = name;
    this.resultType = resultType;
    this.inputTypes = inputTypes;
  }

  @Override
  public final DataType[] inputTypes() {
    return inputTypes.clone();
  }

  @Override
  public final DataType resultType() {
    return resultType;
  }

  @Override
  public final String name() {
    return name;
  }

  /** What EXPLAIN shows before {@code .invoke}. */
  @Override
  public final String toString() {
    return name;
  }
}
