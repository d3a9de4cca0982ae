package io.sparknorm.spark.functions;

import io.sparknorm.spark.models.ElementType;
import java.util.BitSet;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * Vectors of Spark ML and MLlib, dense and sparse, read and written in Spark's own form of them and
 * never as objects. Normalised vectors are dense: a norm moves the zeros of a sparse one.
 */
final class VectorTensorType extends TensorType<InternalRow> {
  private static final long serialVersionUID = 1L;

  /** What both kinds of vector are stored as. */
  static final StructType STRUCT =
      new StructType()
          .add("type", DataTypes.ByteType, false)
          .add("size", DataTypes.IntegerType, true)
          .add("indices", DataTypes.createArrayType(DataTypes.IntegerType, false), true)
          .add("values", DataTypes.createArrayType(DataTypes.DoubleType, false), true);

  private static final int TYPE = 0;
  private static final int SIZE = 1;
  private static final int INDICES = 2;
  private static final int VALUES = 3;
  private static final byte SPARSE = 0;
  private static final byte DENSE = 1;

  VectorTensorType(UserDefinedType<?> type) {
    super(type, type, ElementType.DOUBLE, 1);
  }

  @Override
  InternalRow get(InternalRow row, int ordinal) {
    return row.getStruct(ordinal, STRUCT.size());
  }

  @Override
  int length(InternalRow value, int[] nesting) {
    return value.getByte(TYPE) == SPARSE
        ? value.getInt(SIZE)
        : value.getArray(VALUES).numElements();
  }

  @Override
  BitSet nulls(InternalRow value) {
    return new BitSet(0);
  }

  @Override
  Elements elements(InternalRow value, int length) {
    double[] values = value.getArray(VALUES).toDoubleArray();
    if (value.getByte(TYPE) == DENSE) {
      return new DoubleElements(values);
    }

    ArrayData indices = value.getArray(INDICES);
    double[] elements = new double[length];
    for (int i = 0; i < values.length; i++) {
      elements[indices.getInt(i)] = values[i];
    }

    return new DoubleElements(elements);
  }

  @Override
  InternalRow write(Elements elements, BitSet nulls, InternalRow like) {
    return new GenericInternalRow(
        new Object[] {DENSE, null, null, elements.toArrayData(0, elements.length())});
  }
}
