package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.models.ElementType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** Arrays of numbers, flat or nested; the innermost ones are copied in bulk. */
final class ArrayTensorType extends TensorType<ArrayData> {
  private static final long serialVersionUID = 1L;

  private final boolean containsNull;

  private ArrayTensorType(
      ArrayType type, ElementType elementType, int depth, boolean containsNull) {
    super(type, result(type), elementType, depth);
    this.containsNull = containsNull;
  }

  static ArrayTensorType of(ArrayType type) {
    int depth = 1;
    ArrayType innermost = type;
    while (innermost.elementType() instanceof ArrayType inner) {
      innermost = inner;
      depth++;
    }

    return new ArrayTensorType(
        type,
        PrimitiveArrays.elementType(innermost.elementType()).orElseThrow(() -> invalid(type)),
        depth,
        innermost.containsNull());
  }

  private static DataType result(DataType type) {
    if (type instanceof ArrayType array) {
      return DataTypes.createArrayType(result(array.elementType()), array.containsNull());
    }

    return type.equals(DataTypes.DoubleType) ? DataTypes.DoubleType : DataTypes.FloatType;
  }

  @Override
  ArrayData get(InternalRow row, int ordinal) {
    return row.getArray(ordinal);
  }

  @Override
  int length(ArrayData value, int[] nesting) {
    if (depth() == 1) {
      return value.numElements();
    }

    int[] lengths = nesting.clone();
    if (!settle(value, 0, lengths)) {
      return MISFIT;
    }

    int product = 1;
    for (int length : lengths) {
      // An empty outer array leaves the lengths of the inner ones open.
      product *= length == TensorShape.VARIABLE ? 0 : length;
    }

    return product;
  }

  /** Gives each open length the first value met; false if a length then differs. */
  private static boolean settle(ArrayData array, int level, int[] lengths) {
    int n = array.numElements();
    if (lengths[level] == TensorShape.VARIABLE) {
      lengths[level] = n;
    }

    if (lengths[level] != n) {
      return false;
    }

    if (level < lengths.length - 1) {
      for (int i = 0; i < n; i++) {
        if (array.isNullAt(i) || !settle(array.getArray(i), level + 1, lengths)) {
          return false;
        }
      }
    }

    return true;
  }

  @Override
  BitSet nulls(ArrayData value) {
    BitSet nulls = new BitSet(0);
    if (containsNull) {
      int at = 0;
      for (ArrayData leaf : leaves(value)) {
        PrimitiveArrays.addNulls(leaf, at, nulls);
        at += leaf.numElements();
      }
    }

    return nulls;
  }

  @Override
  Elements elements(ArrayData value, int length) {
    if (depth() == 1) {
      return PrimitiveArrays.read(value, elementType());
    }

    return elementType() == ElementType.FLOAT
        ? new FloatElements(flatFloats(leaves(value), length))
        : new DoubleElements(flatDoubles(leaves(value), length));
  }

  private static float[] flatFloats(List<ArrayData> leaves, int length) {
    float[] flat = new float[length];
    int at = 0;
    for (ArrayData leaf : leaves) {
      float[] part = leaf.toFloatArray();
      System.arraycopy(part, 0, flat, at, part.length);
      at += part.length;
    }

    return flat;
  }

  private double[] flatDoubles(List<ArrayData> leaves, int length) {
    double[] flat = new double[length];
    int at = 0;
    for (ArrayData leaf : leaves) {
      double[] part = PrimitiveArrays.doubles(leaf, elementType());
      System.arraycopy(part, 0, flat, at, part.length);
      at += part.length;
    }

    return flat;
  }

  private List<ArrayData> leaves(ArrayData value) {
    if (depth() == 1) {
      return List.of(value);
    }

    List<ArrayData> leaves = new ArrayList<>();
    collectLeaves(value, depth(), leaves);
    return leaves;
  }

  private static void collectLeaves(ArrayData array, int depth, List<ArrayData> leaves) {
    if (depth == 1) {
      leaves.add(array);
      return;
    }

    for (int i = 0, n = array.numElements(); i < n; i++) {
      collectLeaves(array.getArray(i), depth - 1, leaves);
    }
  }

  @Override
  ArrayData write(Elements elements, BitSet nulls, ArrayData like) {
    for (int i = nulls.nextSetBit(0); i >= 0; i = nulls.nextSetBit(i + 1)) {
      elements.set(i, 0);
    }

    Elements result = elementType() == ElementType.DOUBLE ? elements : elements.toFloats();
    return nest(result, nulls, like, depth(), 0, result.length());
  }

  private static ArrayData nest(
      Elements elements, BitSet nulls, ArrayData like, int depth, int from, int to) {
    if (depth == 1) {
      return leaf(elements, nulls, from, to);
    }

    int n = like.numElements();
    Object[] parts = new Object[n];
    for (int i = 0; i < n; i++) {
      int length = (to - from) / n;
      int start = from + i * length;
      parts[i] = nest(elements, nulls, like.getArray(i), depth - 1, start, start + length);
    }

    return new GenericArrayData(parts);
  }

  private static ArrayData leaf(Elements elements, BitSet nulls, int from, int to) {
    ArrayData leaf = elements.toArrayData(from, to);
    for (int i = nulls.nextSetBit(from); i >= 0 && i < to; i = nulls.nextSetBit(i + 1)) {
      leaf.setNullAt(i - from);
    }

    return leaf;
  }
}
