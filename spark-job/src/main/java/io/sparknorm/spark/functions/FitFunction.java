package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorShape;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x [, dropped])}, an aggregate: counts of records and faults, and exact moments, as
 * bytes. A record that is dropped for another column's sake is counted and adds nothing else.
 */
public final class FitFunction implements UnboundFunction {
  private final String name;
  private final FitKind kind;
  private final TensorShape shape;
  private final FaultRules rules;

  FitFunction(String name, FitKind kind, TensorShape shape, FaultRules rules) {
    this.name = name;
    this.kind = kind;
    this.shape = shape;
    this.rules = rules;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    boolean dropsElsewhere = inputType.size() == 2;
    TensorType<?> type =
        dropsElsewhere ? Arguments.tensor(inputType) : Arguments.onlyTensor(inputType);
    try {
      RecordShape recordShape = RecordShape.of(shape, type.depth());
      TensorReader<?> reader = new TensorReader<>(type, rules);
      return new Bound<>(name, kind, reader, recordShape, dropsElsewhere);
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
    return name + "(x): counts and moments of tensors of the shape " + shape;
  }

  /** Tensors of any type: Spark hands aggregates a row. */
  private record Bound<V>(
      String name, FitKind kind, TensorReader<V> reader, RecordShape shape, boolean dropsElsewhere)
      implements FitAggregate<byte[]> {
    @Override
    public void add(FitState state, InternalRow input) {
      V value = input.isNullAt(0) ? null : reader.type().get(input, 0);
      CheckedTensor tensor = reader.readAndCount(value, shape);
      boolean dropped = tensor.dropped() || (dropsElsewhere && input.getBoolean(1));
      state.count(tensor, dropped);
      if (!tensor.isEmpty() && !dropped) {
        kind.add(tensor, shape.view(tensor.elements().length()), state);
      }
    }

    @Override
    public byte[] result(FitState state) {
      return state.toBytes();
    }

    @Override
    public DataType[] inputTypes() {
      DataType tensor = reader.type().dataType();
      return dropsElsewhere
          ? new DataType[] {tensor, DataTypes.BooleanType}
          : new DataType[] {tensor};
    }

    @Override
    public DataType resultType() {
      return DataTypes.BinaryType;
    }

    @Override
    public boolean isResultNullable() {
      return false;
    }
  }
}
