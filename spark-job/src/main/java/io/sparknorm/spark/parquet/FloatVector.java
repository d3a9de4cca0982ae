package io.sparknorm.spark.parquet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.spark.sql.types.DataTypes;

final class FloatVector extends ElementVector {
  private float[] values = new float[0];

  FloatVector() {
    super(DataTypes.FloatType);
  }

  @Override
  void resize(int capacity) {
    values = Arrays.copyOf(values, capacity);
  }

  @Override
  void put(ByteBuffer page, int at, int count) {
    page.asFloatBuffer().get(values, at, count);
    page.position(page.position() + count * Float.BYTES);
  }

  @Override
  void put(ByteBuffer dictionary, int[] numbers, int at, int count) {
    for (int i = 0; i < count; i++) {
      values[at + i] = dictionary.getFloat(numbers[i] * Float.BYTES);
    }
  }

  @Override
  public float getFloat(int element) {
    return values[element];
  }

  @Override
  public float[] getFloats(int from, int count) {
    return Arrays.copyOfRange(values, from, from + count);
  }
}
