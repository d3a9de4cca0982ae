package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Normalizer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.StructType;

/**
 * {@code f(x)}: normalises tensors by a normalizer that the bound function carries to the tasks.
 */
public final class NormaliseFunction implements UnboundFunction {
  private final String name;
  private final Normalizer normalizer;
  private final FaultRules rules;

  NormaliseFunction(String name, Normalizer normalizer, FaultRules rules) {
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
    return name + "(x): x normalised to the shape " + normalizer.shape();
  }

  /** Arrays of numbers, flat or nested. */
  public static final class Arrays extends TensorFunction<ArrayData> {
    private static final long serialVersionUID = 1L;

    private final Shared<TensorNormalizer<ArrayData>> tensors;

    Arrays(
        String name,
        boolean nullable,
        ArrayTensorType type,
        Shared<TensorNormalizer<ArrayData>> tensors) {
      super(name, nullable, type);
      this.tensors = tensors;
    }

    /** Called by generated code: stays public and named invoke. */
    public ArrayData invoke(ArrayData x) {
      return tensors.get().apply(x);
    }
  }

  /** ML vectors. */
  public static final class Vectors extends TensorFunction<InternalRow> {
    private static final long serialVersionUID = 1L;

    private final Shared<TensorNormalizer<InternalRow>> tensors;

    Vectors(
        String name,
        boolean nullable,
        VectorTensorType type,
        Shared<TensorNormalizer<InternalRow>> tensors) {
      super(name, nullable, type);
      this.tensors = tensors;
    }

    /** Called by generated code, which knows a vector only as an object. */
    public InternalRow invoke(Object x) {
      return tensors.get().apply((InternalRow) x);
    }
  }

  /** From tensors of one type to normalised ones. */
  abstract static class TensorFunction<V> extends BoundScalar<V> {
    private static final long serialVersionUID = 1L;

    private final boolean nullable;

    TensorFunction(String name, boolean nullable, TensorType<V> type) {
      super(name, type.resultType(), type.dataType());
      this.nullable = nullable;
    }

    @Override
    public boolean isResultNullable() {
      return nullable;
    }
  }
}
