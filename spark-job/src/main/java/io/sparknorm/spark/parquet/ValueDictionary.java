package io.sparknorm.spark.parquet;

import java.util.Arrays;

/**
 * The distinct values of one column chunk, numbered in order of appearance. Values are told apart
 * by their bits, so that -0.0 and every NaN survive.
 */
final class ValueDictionary {
  static final int FULL = -1;
  private static final int FIRST_LENGTH = 512;
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private int maxSize;
  private long[] values = new long[FIRST_LENGTH];
  private int[] slots = new int[2 * FIRST_LENGTH];
  private int size;

  /** Lets there be so many values, until this is next said. */
  void admit(int most) {
    maxSize = most;
  }

  int size() {
    return size;
  }

  long value(int index) {
    return values[index];
  }

  /** The number of the value, which is added if it is new, or {@link #FULL}. */
  int indexOf(long bits) {
    int slot = slotOf(bits);
    int found = slots[slot];
    return found > 0 ? found - 1 : add(bits, slot);
  }

  /** Forgets the values numbered {@code newSize} and up, and gives their memory back. */
  void truncate(int newSize) {
    size = newSize;
    int length = Math.max(FIRST_LENGTH, 2 * Integer.highestOneBit(size));
    values = Arrays.copyOf(values, length);
    rebuildSlots(2 * length);
  }

  private int slotOf(long bits) {
    int mask = slots.length - 1;
    int slot = (int) ((bits * MULTIPLIER) >>> 32) & mask;
    while (slots[slot] > 0 && values[slots[slot] - 1] != bits) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private int add(long bits, int slot) {
    if (size == maxSize) {
      return FULL;
    }
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size] = bits;
    size++;
    slots[slot] = size;
    if (2 * size > slots.length) {
      rebuildSlots(2 * slots.length);
    }
    return size - 1;
  }

  private void rebuildSlots(int length) {
    slots = new int[length];
    for (int i = 0; i < size; i++) {
      slots[slotOf(values[i])] = i + 1;
    }
  }
}
