package io.sparknorm.spark.parquet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.spark.sql.types.DataTypes;

final class DoubleVector extends ElementVector {
  private double[] values = new double[0];

  DoubleVector() {
    super(DataTypes.DoubleType);
  }

  @Override
  void resize(int capacity) {
    values = Arrays.copyOf(values, capacity);
  }

  @Override
  void put(ByteBuffer page, int at, int count) {
    page.asDoubleBuffer().get(values, at, count);
    page.position(page.position() + count * Double.BYTES);
  }

  @Override
  void put(ByteBuffer dictionary, int[] numbers, int at, int count) {
    for (int i = 0; i < count; i++) {
      values[at + i] = dictionary.getDouble(numbers[i] * Double.BYTES);
    }
  }

  @Override
  public double getDouble(int element) {
    return values[element];
  }

  @Override
  public double[] getDoubles(int from, int count) {
    return Arrays.copyOfRange(values, from, from + count);
  }
}
