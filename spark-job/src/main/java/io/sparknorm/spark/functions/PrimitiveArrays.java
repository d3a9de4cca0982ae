package io.sparknorm.spark.functions;

import io.sparknorm.spark.models.ElementType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.unsafe.bitset.BitSetMethods;

/** Bulk reading of Spark's innermost arrays. */
public final class PrimitiveArrays {
  /** Bytes of an UnsafeArrayData before its null bits: the number of elements. */
  private static final int NULL_BITS_OFFSET = 8;

  /**
   * The column that an array is a part of, which Spark keeps to itself; null where a version of
   * Spark has another name for it.
   */
  private static final VarHandle COLUMN = field("data", ColumnVector.class);

  /** Where in that column it starts. */
  private static final VarHandle OFFSET = field("offset", int.class);

  private PrimitiveArrays() {}

  private static VarHandle field(String name, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(ColumnarArray.class, MethodHandles.lookup())
          .findVarHandle(ColumnarArray.class, name, type);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  static DataType dataType(ElementType type) {
    return switch (type) {
      case BYTE -> DataTypes.ByteType;
      case SHORT -> DataTypes.ShortType;
      case INT -> DataTypes.IntegerType;
      case LONG -> DataTypes.LongType;
      case FLOAT -> DataTypes.FloatType;
      case DOUBLE -> DataTypes.DoubleType;
    };
  }

  /** The type of such elements; empty if they are none of a tensor. */
  public static Optional<ElementType> elementType(DataType type) {
    return Arrays.stream(ElementType.values())
        .filter(candidate -> dataType(candidate).equals(type))
        .findFirst();
  }

  /** Adds {@code from + i} for every null element i. */
  static void addNulls(ArrayData array, int from, BitSet nulls) {
    // Bulk copies read null elements as numbers without a word.
    if (!mayHaveNulls(array)) {
      return;
    }

    for (int i = 0, n = array.numElements(); i < n; i++) {
      if (array.isNullAt(i)) {
        nulls.set(from + i);
      }
    }
  }

  /** Asks as a whole: to ask for each element costs more than all else. */
  private static boolean mayHaveNulls(ArrayData array) {
    if (array instanceof ColumnarArray columnar) {
      return COLUMN == null || ((ColumnVector) COLUMN.get(columnar)).hasNull();
    }

    return !(array instanceof UnsafeArrayData unsafe) || hasNulls(unsafe);
  }

  private static boolean hasNulls(UnsafeArrayData array) {
    int header = UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
    return BitSetMethods.anySet(
        array.getBaseObject(),
        array.getBaseOffset() + NULL_BITS_OFFSET,
        (header - NULL_BITS_OFFSET) / Long.BYTES);
  }

  /**
   * The elements of some rows' arrays, one after the other; null unless all have the same length
   * and neither arrays nor elements can be null.
   *
   * @param to the row after the last
   */
  static Elements readTogether(ColumnVector arrays, int from, int to, ElementType type) {
    if (COLUMN == null || OFFSET == null || arrays.hasNull()) {
      return null;
    }

    ColumnarArray first = arrays.getArray(from);
    ColumnVector elements = (ColumnVector) COLUMN.get(first);
    if (elements.hasNull()) {
      return null;
    }

    int length = first.numElements();
    int start = (int) OFFSET.get(first);
    int end = start + length;
    for (int row = from + 1; row < to; row++, end += length) {
      ColumnarArray next = arrays.getArray(row);
      if (COLUMN.get(next) != elements
          || (int) OFFSET.get(next) != end
          || next.numElements() != length) {
        return null;
      }
    }

    return read(new ColumnarArray(elements, start, end - start), type);
  }

  static Elements read(ArrayData array, ElementType type) {
    return type == ElementType.FLOAT
        ? new FloatElements(array.toFloatArray())
        : new DoubleElements(doubles(array, type));
  }

  /**
   * A copy of the elements, widened; arbitrary numbers stand for null ones.
   *
   * @param type of the elements
   */
  public static double[] doubles(ArrayData array, ElementType type) {
    return switch (type) {
      case BYTE -> widen(array.toByteArray());
      case SHORT -> widen(array.toShortArray());
      case INT -> widen(array.toIntArray());
      case LONG -> widen(array.toLongArray());
      case FLOAT -> widen(array.toFloatArray());
      case DOUBLE -> array.toDoubleArray();
    };
  }

  private static double[] widen(byte[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }

    return wide;
  }

  private static double[] widen(short[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }

    return wide;
  }

  private static double[] widen(int[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }

    return wide;
  }

  private static double[] widen(long[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }

    return wide;
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }

    return wide;
  }
}
