package io.sparknorm.spark.parquet;

import io.sparknorm.kernels.Extremes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * What a column that is written in bulk holds, and the loops over a page of it. A page is an array
 * of bytes with its values in little-endian order; {@code length} is in bytes.
 */
enum ElementType {
  FLOAT(Float.BYTES, PrimitiveTypeName.FLOAT) {
    @Override
    long bits(UnsafeRow row, int ordinal) {
      return Float.floatToRawIntBits(row.getFloat(ordinal));
    }

    @Override
    void put(long[] bits, int from, int to, byte[] page, int length) {
      for (int i = from; i < to; i++) {
        INTS.set(page, length + (i - from) * Float.BYTES, (int) bits[i]);
      }
    }

    @Override
    Statistics<?> statistics(byte[] page, int length) {
      FloatPageStatistics statistics = new FloatPageStatistics();
      if (length > 0) {
        Extremes extremes = Extremes.ofFloats(page, length);
        statistics.setRange((float) extremes.least(), (float) extremes.greatest());
      }
      return statistics;
    }

    @Override
    boolean index(byte[] page, int length, ValueDictionary dictionary, int[] indices) {
      int last = 0;
      for (int at = 0; at < length && last != ValueDictionary.FULL; at += Float.BYTES) {
        last = dictionary.indexOf((int) INTS.get(page, at));
        indices[at / Float.BYTES] = last;
      }
      return last != ValueDictionary.FULL;
    }

    @Override
    byte[] values(ValueDictionary dictionary) {
      byte[] values = new byte[dictionary.size() * Float.BYTES];
      for (int i = 0; i < dictionary.size(); i++) {
        INTS.set(values, i * Float.BYTES, (int) dictionary.value(i));
      }
      return values;
    }
  },

  DOUBLE(Double.BYTES, PrimitiveTypeName.DOUBLE) {
    @Override
    long bits(UnsafeRow row, int ordinal) {
      return row.getLong(ordinal);
    }

    @Override
    void put(long[] bits, int from, int to, byte[] page, int length) {
      for (int i = from; i < to; i++) {
        LONGS.set(page, length + (i - from) * Double.BYTES, bits[i]);
      }
    }

    @Override
    Statistics<?> statistics(byte[] page, int length) {
      DoublePageStatistics statistics = new DoublePageStatistics();
      if (length > 0) {
        Extremes extremes = Extremes.ofDoubles(page, length);
        statistics.setRange(extremes.least(), extremes.greatest());
      }
      return statistics;
    }

    @Override
    boolean index(byte[] page, int length, ValueDictionary dictionary, int[] indices) {
      int last = 0;
      for (int at = 0; at < length && last != ValueDictionary.FULL; at += Double.BYTES) {
        last = dictionary.indexOf((long) LONGS.get(page, at));
        indices[at / Double.BYTES] = last;
      }
      return last != ValueDictionary.FULL;
    }

    @Override
    byte[] values(ValueDictionary dictionary) {
      byte[] values = new byte[dictionary.size() * Double.BYTES];
      for (int i = 0; i < dictionary.size(); i++) {
        LONGS.set(values, i * Double.BYTES, dictionary.value(i));
      }
      return values;
    }
  };

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final int width;
  private final PrimitiveTypeName primitive;

  ElementType(int width, PrimitiveTypeName primitive) {
    this.width = width;
    this.primitive = primitive;
  }

  PrimitiveTypeName primitive() {
    return primitive;
  }

  /** The element type of values that are written in bulk, or null for any other type. */
  static ElementType of(DataType type) {
    if (type.equals(DataTypes.FloatType)) {
      return FLOAT;
    }
    return type.equals(DataTypes.DoubleType) ? DOUBLE : null;
  }

  /** Bytes of one value. */
  int width() {
    return width;
  }

  /** The bits of a row's value that is not null. */
  abstract long bits(UnsafeRow row, int ordinal);

  /**
   * Adds the values whose bits are at {@code from <= i < to} to a page, which has room for them.
   */
  abstract void put(long[] bits, int from, int to, byte[] page, int length);

  /** The page's minimum and maximum; both are NaN if one of its values is. */
  abstract Statistics<?> statistics(byte[] page, int length);

  /**
   * Numbers the page's values.
   *
   * @return false if the dictionary is full before the page ends
   */
  abstract boolean index(byte[] page, int length, ValueDictionary dictionary, int[] indices);

  /** The dictionary's values in the order of their numbers, as the bytes of a page. */
  abstract byte[] values(ValueDictionary dictionary);

  /**
   * The page with the first bytes of all values, then all second bytes, and so on: Parquet's
   * BYTE_STREAM_SPLIT.
   */
  byte[] split(byte[] page, int length) {
    byte[] streams = new byte[length];
    int count = length / width;
    for (int stream = 0; stream < width; stream++) {
      for (int i = 0; i < count; i++) {
        streams[stream * count + i] = page[i * width + stream];
      }
    }
    return streams;
  }
}
