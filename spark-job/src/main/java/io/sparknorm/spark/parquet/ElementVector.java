package io.sparknorm.spark.parquet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.spark.sql.types.DataType;

/** The elements of a batch's tensors, one after another. */
abstract class ElementVector extends FlatVector {
  private static final int FIRST_CAPACITY = 1 << 12;

  /** What makes a Java array, with room for a header. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private boolean[] nulls = new boolean[0];
  private int nullCount;
  private int length;
  private int capacity;

  ElementVector(DataType type) {
    super(type);
  }

  /** The vector of such elements. */
  static ElementVector of(ElementType type) {
    return type == ElementType.FLOAT ? new FloatVector() : new DoubleVector();
  }

  /** Forgets all elements. */
  void clear() {
    if (nullCount > 0) {
      Arrays.fill(nulls, 0, length, false);
      nullCount = 0;
    }
    length = 0;
  }

  int length() {
    return length;
  }

  /** Adds the next values of a page, which are little-endian. */
  final void add(ByteBuffer values, int count) {
    put(values, grow(count), count);
  }

  /** Adds the values that have the first numbers in a dictionary, which is little-endian. */
  final void add(ByteBuffer dictionary, int[] numbers, int count) {
    put(dictionary, numbers, grow(count), count);
  }

  /** Adds elements that are null. */
  final void addNulls(int count) {
    int at = grow(count);
    if (nulls.length < capacity) {
      nulls = Arrays.copyOf(nulls, capacity);
    }
    Arrays.fill(nulls, at, at + count, true);
    nullCount += count;
  }

  private int grow(int count) {
    int at = length;
    if (count > MOST - length) {
      throw new UnsupportedOperationException(
          "Cannot read a batch of more than %d elements: lower the number of its records, "
                  .formatted(MOST)
              + "spark.sql.parquet.columnarReaderBatchSize");
    }
    length += count;
    if (length > capacity) {
      capacity = Math.max(FIRST_CAPACITY, (int) Math.min(MOST, 2L * length));
      resize(capacity);
    }
    if (nullCount > 0 && nulls.length < capacity) {
      nulls = Arrays.copyOf(nulls, capacity);
    }
    return at;
  }

  abstract void resize(int capacity);

  abstract void put(ByteBuffer values, int at, int count);

  abstract void put(ByteBuffer dictionary, int[] numbers, int at, int count);

  @Override
  public boolean hasNull() {
    return nullCount > 0;
  }

  @Override
  public int numNulls() {
    return nullCount;
  }

  @Override
  public boolean isNullAt(int element) {
    return nullCount > 0 && nulls[element];
  }
}
