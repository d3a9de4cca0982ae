package io.sparknorm.spark.parquet;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.UTF8String;

/** A column vector that refuses every type; its subclasses have one each. */
abstract class FlatVector extends ColumnVector {
  FlatVector(DataType type) {
    super(type);
  }

  private UnsupportedOperationException refusal() {
    return new UnsupportedOperationException(
        "Cannot read a column of " + type + " as another type");
  }

  @Override
  public void close() {}

  @Override
  public boolean getBoolean(int row) {
    throw refusal();
  }

  @Override
  public byte getByte(int row) {
    throw refusal();
  }

  @Override
  public short getShort(int row) {
    throw refusal();
  }

  @Override
  public int getInt(int row) {
    throw refusal();
  }

  @Override
  public long getLong(int row) {
    throw refusal();
  }

  @Override
  public float getFloat(int row) {
    throw refusal();
  }

  @Override
  public double getDouble(int row) {
    throw refusal();
  }

  @Override
  public ColumnarArray getArray(int row) {
    throw refusal();
  }

  @Override
  public ColumnarMap getMap(int row) {
    throw refusal();
  }

  @Override
  public Decimal getDecimal(int row, int precision, int scale) {
    throw refusal();
  }

  @Override
  public UTF8String getUTF8String(int row) {
    throw refusal();
  }

  @Override
  public byte[] getBinary(int row) {
    throw refusal();
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    throw refusal();
  }
}
