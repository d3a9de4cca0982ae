package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorShape;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x)}: what an {@link Inspection} adds up, for one record. A job filters by its first
 * element, since a function alone cannot drop a record.
 */
public final class InspectFunction implements UnboundFunction {
  private final String name;
  private final TensorShape shape;
  private final FaultRules rules;

  InspectFunction(String name, TensorShape shape, FaultRules rules) {
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
    return name + "(x): the faults and the first channels of a record";
  }

  /** Arrays of numbers, flat or nested. */
  public static final class Arrays extends Inspector<ArrayData> {
    private static final long serialVersionUID = 1L;

    Arrays(String name, TensorReader<ArrayData> reader, RecordShape shape) {
      super(name, reader, shape);
    }

    /** Called by generated code: stays public and named invoke. */
    public ArrayData invoke(ArrayData x) {
      return inspect(x);
    }
  }

  /** ML vectors. */
  public static final class Vectors extends Inspector<InternalRow> {
    private static final long serialVersionUID = 1L;

    Vectors(String name, TensorReader<InternalRow> reader, RecordShape shape) {
      super(name, reader, shape);
    }

    /** Called by generated code, which knows a vector only as an object. */
    public ArrayData invoke(Object x) {
      return inspect((InternalRow) x);
    }
  }

  abstract static class Inspector<V> implements ScalarFunction<ArrayData> {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final TensorReader<V> reader;
    private final RecordShape shape;

    Inspector(String name, TensorReader<V> reader, RecordShape shape) {
      this.name = name;
      this.reader = reader;
      this.shape = shape;
    }

    final ArrayData inspect(V x) {
      double[] entries = Inspection.entries(reader.readAndCount(x, shape), shape);
      return UnsafeArrayData.fromPrimitiveArray(entries);
    }

    @Override
    public DataType[] inputTypes() {
      return new DataType[] {reader.type().dataType()};
    }

    @Override
    public DataType resultType() {
      return DataTypes.createArrayType(DataTypes.DoubleType, false);
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
