package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorShape;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x)}: whether the fault policies leave the record out, so that a job can filter by it. A
 * function alone cannot drop a record.
 */
public final class DroppedFunction implements UnboundFunction {
  private final String name;
  private final TensorShape shape;
  private final FaultRules rules;

  DroppedFunction(String name, TensorShape shape, FaultRules rules) {
    this.name = name;
    this.shape = shape;
    this.rules = rules;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    TensorType<?> type = Arguments.onlyTensor(inputType);
    try {
      RecordShape recordShape = RecordShape.of(shape, type.depth());
      return type instanceof ArrayTensorType arrays
          ? new Arrays(name, new TensorReader<>(arrays, rules), recordShape)
          : new Vectors(name, new TensorReader<>((VectorTensorType) type, rules), recordShape);
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return name + "(x): whether the fault policies drop the record";
  }

  /** Arrays of numbers, flat or nested. */
  public static final class Arrays extends Predicate<ArrayData> {
    private static final long serialVersionUID = 1L;

    Arrays(String name, TensorReader<ArrayData> reader, RecordShape shape) {
      super(name, reader, shape);
    }

    /** Called by generated code: stays public and named invoke. */
    public boolean invoke(ArrayData x) {
      return drops(x);
    }
  }

  /** ML vectors. */
  public static final class Vectors extends Predicate<InternalRow> {
    private static final long serialVersionUID = 1L;

    Vectors(String name, TensorReader<InternalRow> reader, RecordShape shape) {
      super(name, reader, shape);
    }

    /** Called by generated code, which knows a vector only as an object. */
    public boolean invoke(Object x) {
      return drops((InternalRow) x);
    }
  }

  abstract static class Predicate<V> implements ScalarFunction<Boolean> {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final TensorReader<V> reader;
    private final RecordShape shape;

    Predicate(String name, TensorReader<V> reader, RecordShape shape) {
      this.name = name;
      this.reader = reader;
      this.shape = shape;
    }

    final boolean drops(V x) {
      return reader.read(x, shape).dropped();
    }

    @Override
    public DataType[] inputTypes() {
      return new DataType[] {reader.type().dataType()};
    }

    @Override
    public DataType resultType() {
      return DataTypes.BooleanType;
    }

    @Override
    public boolean isResultNullable() {
      return false;
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
  }
}
