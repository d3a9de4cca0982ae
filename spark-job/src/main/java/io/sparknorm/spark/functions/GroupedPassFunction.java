package io.sparknorm.spark.functions;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x, key)}: as {@link PassFunction}, by the statistics of the group whose key is a struct.
 * A further field says whether the group was not fitted.
 */
final class GroupedPassFunction implements UnboundFunction {
  static final String UNSEEN = "unseen";

  private final String name;
  private final GroupedNorm norm;
  private final FaultRules rules;

  GroupedPassFunction(String name, GroupedNorm norm, FaultRules rules) {
    this.name = name;
    this.norm = norm;
    this.rules = rules;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    TensorType<?> type = Arguments.tensor(inputType);
    boolean nullable = inputType.fields()[0].nullable() || rules.policies().mayGiveNull();
    StructType key = (StructType) inputType.fields()[1].dataType();
    try {
      return type instanceof ArrayTensorType arrays
          ? new Arrays(name, nullable, arrays, key, GroupedTensors.of(arrays, rules, norm))
          : vectors((VectorTensorType) type, nullable, key);
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  private Vectors vectors(VectorTensorType type, boolean nullable, StructType key) {
    return new Vectors(name, nullable, type, key, GroupedTensors.of(type, rules, norm));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return name + "(x, key): x normalised by its group's statistics, and what was seen";
  }

  /** Arrays of numbers, flat or nested. */
  public static final class Arrays extends GroupedPass<ArrayData> {
    private static final long serialVersionUID = 1L;

    Arrays(
        String name,
        boolean nullable,
        ArrayTensorType type,
        StructType key,
        GroupedTensors<ArrayData> groups) {
      super(name, nullable, type, key, groups);
    }

    /** Called by generated code: stays public and named invoke. */
    public InternalRow invoke(ArrayData x, InternalRow key) {
      return pass(x, key);
    }
  }

  /** ML vectors. */
  public static final class Vectors extends GroupedPass<InternalRow> {
    private static final long serialVersionUID = 1L;

    Vectors(
        String name,
        boolean nullable,
        VectorTensorType type,
        StructType key,
        GroupedTensors<InternalRow> groups) {
      super(name, nullable, type, key, groups);
    }

    /** Called by generated code, which knows a vector only as an object. */
    public InternalRow invoke(Object x, InternalRow key) {
      return pass((InternalRow) x, key);
    }
  }

  abstract static class GroupedPass<V> extends PassFunction.Pass<V> {
    private static final long serialVersionUID = 1L;

    private final GroupedTensors<V> groups;

    GroupedPass(
        String name,
        boolean nullable,
        TensorType<V> type,
        StructType key,
        GroupedTensors<V> groups) {
      super(
          name,
          resultType(type, nullable).add(UNSEEN, DataTypes.BooleanType, false),
          Shared.carried(groups.tensors()),
          type.dataType(),
          key);
      this.groups = groups;
    }

    final InternalRow pass(V x, InternalRow group) {
      TensorNormalizer<V> tensors = groups.tensors();
      CheckedTensor tensor = tensors.reader().readAndCount(x, tensors.shape());
      ArrayData read = seen(tensor, tensors.shape());
      boolean unseen = !tensor.isEmpty() && !groups.normalise(tensor, group, 0);
      GenericInternalRow row = row(tensors, tensor, read, x, 5);
      row.update(4, unseen);
      return row;
    }
  }
}
