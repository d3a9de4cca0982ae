package io.sparknorm.spark.functions;

import io.sparknorm.spark.models.ElementType;
import java.util.BitSet;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.unsafe.bitset.BitSetMethods;

/** Bulk reading of Spark's innermost arrays. */
final class PrimitiveArrays {
  /** Bytes of an UnsafeArrayData before its null bits: the number of elements. */
  private static final int NULL_BITS_OFFSET = 8;

  private PrimitiveArrays() {}

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

  /** Adds {@code from + i} for every null element i. */
  static void addNulls(ArrayData array, int from, BitSet nulls) {
    // Bulk copies read null elements as numbers without a word. A copy of a part of a column asks
    // whether the column has any null; asking for each element costs more than all else.
    ArrayData plain = array instanceof ColumnarArray columnar ? columnar.copy() : array;
    if (plain instanceof UnsafeArrayData unsafe && !hasNulls(unsafe)) {
      return;
    }

    for (int i = 0, n = plain.numElements(); i < n; i++) {
      if (plain.isNullAt(i)) {
        nulls.set(from + i);
      }
    }
  }

  private static boolean hasNulls(UnsafeArrayData array) {
    int header = UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
    return BitSetMethods.anySet(
        array.getBaseObject(),
        array.getBaseOffset() + NULL_BITS_OFFSET,
        (header - NULL_BITS_OFFSET) / Long.BYTES);
  }

  static Elements read(ArrayData array, ElementType type) {
    return type == ElementType.FLOAT
        ? new FloatElements(array.toFloatArray())
        : new DoubleElements(doubles(array, type));
  }

  static double[] doubles(ArrayData array, ElementType type) {
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
