package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Normalizer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x)}: all that a job's pass wants of a record, so that it takes the tensor out of the
 * column once: the normalised tensor, what an {@link Inspection} adds up of it before and after,
 * and whether its faults leave the record out.
 */
final class PassFunction implements UnboundFunction {
  static final String NORMALISED = "normalised";
  static final String READ = "read";
  static final String WRITTEN = "written";
  static final String DROPPED = "dropped";

  private final String name;
  private final Normalizer normalizer;
  private final FaultRules rules;

  PassFunction(String name, Normalizer normalizer, FaultRules rules) {
    this.name = name;
    this.normalizer = normalizer;
    this.rules = rules;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    TensorType<?> type = Arguments.onlyTensor(inputType);
    boolean nullable = inputType.fields()[0].nullable() || rules.policies().mayGiveNull();
    try {
      return type instanceof ArrayTensorType arrays
          ? new Arrays(name, nullable, arrays, TensorNormalizer.shared(arrays, rules, normalizer))
          : vectors((VectorTensorType) type, nullable);
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  private Vectors vectors(VectorTensorType type, boolean nullable) {
    return new Vectors(name, nullable, type, TensorNormalizer.shared(type, rules, normalizer));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return name + "(x): x normalised to the shape " + normalizer.shape() + ", and what was seen";
  }

  /** Arrays of numbers, flat or nested. */
  public static final class Arrays extends Pass<ArrayData> {
    private static final long serialVersionUID = 1L;

    Arrays(
        String name,
        boolean nullable,
        ArrayTensorType type,
        Shared<TensorNormalizer<ArrayData>> tensors) {
      super(name, resultType(type, nullable), tensors, type.dataType());
    }

    /** Called by generated code: stays public and named invoke. */
    public InternalRow invoke(ArrayData x) {
      return pass(x);
    }
  }

  /** ML vectors. */
  public static final class Vectors extends Pass<InternalRow> {
    private static final long serialVersionUID = 1L;

    Vectors(
        String name,
        boolean nullable,
        VectorTensorType type,
        Shared<TensorNormalizer<InternalRow>> tensors) {
      super(name, resultType(type, nullable), tensors, type.dataType());
    }

    /** Called by generated code, which knows a vector only as an object. */
    public InternalRow invoke(Object x) {
      return pass((InternalRow) x);
    }
  }

  abstract static class Pass<V> extends BoundScalar<InternalRow> {
    private static final long serialVersionUID = 1L;

    private final Shared<TensorNormalizer<V>> shared;

    Pass(
        String name,
        StructType resultType,
        Shared<TensorNormalizer<V>> shared,
        DataType... inputTypes) {
      super(name, resultType, inputTypes);
      this.shared = shared;
    }

    /** What is said of a tensor of this type, normalised. */
    static StructType resultType(TensorType<?> type, boolean nullable) {
      DataType entries = DataTypes.createArrayType(DataTypes.DoubleType, false);
      return new StructType()
          .add(NORMALISED, type.resultType(), nullable)
          .add(READ, entries, false)
          .add(WRITTEN, entries, true)
          .add(DROPPED, DataTypes.BooleanType, false);
    }

    final InternalRow pass(V x) {
      TensorNormalizer<V> tensors = shared.get();
      CheckedTensor tensor = tensors.reader().readAndCount(x, tensors.shape());
      ArrayData read = seen(tensor, tensors.shape());
      if (!tensor.isEmpty()) {
        tensors.normalise(tensor);
      }

      return row(tensors, tensor, read, x, 4);
    }

    /** The result, which further fields may follow. */
    final GenericInternalRow row(
        TensorNormalizer<V> tensors, CheckedTensor tensor, ArrayData read, V x, int fields) {
      GenericInternalRow row = new GenericInternalRow(fields);
      row.update(1, read);
      row.update(3, tensor.dropped());
      if (!tensor.isEmpty()) {
        row.update(0, tensors.write(tensor, x));
        row.update(2, seen(CheckedTensor.clean(tensor.elements()), tensors.shape()));
      }

      return row;
    }

    static ArrayData seen(CheckedTensor tensor, RecordShape shape) {
      return UnsafeArrayData.fromPrimitiveArray(Inspection.entries(tensor, shape));
    }

    @Override
    public boolean isResultNullable() {
      return false;
    }
  }
}
