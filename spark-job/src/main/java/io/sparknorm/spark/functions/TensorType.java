package io.sparknorm.spark.functions;

import io.sparknorm.spark.models.ElementType;
import java.io.Serializable;
import java.util.BitSet;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * The type of a tensor column, and the copying of its values into flat arrays and back. Tensors are
 * arrays of {@code byte}, {@code short}, {@code int}, {@code long}, {@code float} or {@code
 * double}, nested to any depth, and the vectors of Spark ML and MLlib.
 *
 * <p>Arithmetic on {@code float} starts from float, on all others from double. Integers give {@code
 * float}, all others their own type; vectors give dense vectors.
 *
 * @param <V> what Spark holds a value of the column in
 */
public abstract sealed class TensorType<V> implements Serializable
    permits ArrayTensorType, VectorTensorType {
  private static final long serialVersionUID = 1L;

  /** The length of a tensor that is ragged, or whose nesting does not fit. */
  static final int MISFIT = -1;

  private final DataType dataType;
  private final DataType resultType;
  private final ElementType elementType;
  private final int depth;

  TensorType(DataType dataType, DataType resultType, ElementType elementType, int depth) {
    this.dataType = dataType;
    this.resultType = resultType;
    this.elementType = elementType;
    this.depth = depth;
  }

  /**
   * The tensor type of a column.
   *
   * @throws IllegalArgumentException if the column does not hold tensors
   */
  public static TensorType<?> of(DataType type) {
    if (type instanceof ArrayType array) {
      return ArrayTensorType.of(array);
    }

    if (type instanceof UserDefinedType<?> vector
        && vector.sqlType().equals(VectorTensorType.STRUCT)) {
      return new VectorTensorType(vector);
    }

    throw invalid(type);
  }

  static IllegalArgumentException invalid(DataType type) {
    return new IllegalArgumentException(
        "Invalid tensor type: %s (arrays of integers, float or double, at any depth, and ML vectors"
                .formatted(type.simpleString())
            + " hold tensors)");
  }

  public final DataType dataType() {
    return dataType;
  }

  /** The type of normalised tensors. */
  public final DataType resultType() {
    return resultType;
  }

  public final ElementType elementType() {
    return elementType;
  }

  /** How deep arrays are nested: 1 for a flat array or a vector. */
  public final int depth() {
    return depth;
  }

  abstract V get(InternalRow row, int ordinal);

  /**
   * The number of elements of a tensor, or {@link #MISFIT} unless every array of one depth has the
   * same length, which is the one that {@code nesting} gives where that is not -1.
   */
  abstract int length(V value, int[] nesting);

  /** Which elements are null, empty when none is. */
  abstract BitSet nulls(V value);

  /** A copy of the elements; arbitrary numbers stand for null ones. */
  abstract Elements elements(V value, int length);

  /** A value of the result type with the nesting of {@code like}. Overwrites null elements. */
  abstract V write(Elements elements, BitSet nulls, V like);
}
