package io.sparknorm.spark.parquet;

import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;

/**
 * Repetition or definition levels of one page, taken in runs and kept in Parquet's hybrid of
 * run-length and bit-packed runs. The cost of a record depends on its number of runs, not on its
 * number of elements.
 */
final class LevelEncoder {
  private static final int GROUP = 8;

  /** More groups than these would need a second header byte. */
  private static final int MAX_GROUPS_OF_RUN = 63;

  private final int bitWidth;
  private final long[] histogram;
  private byte[] bytes = new byte[256];
  private int size;
  private int runLevel;
  private int runLength;
  private int group;
  private int groupLength;
  private int packedHeader = -1;
  private int packedGroups;

  /** Takes levels from 0 to {@code maxLevel}, which is at most 3; where it is 0 none is encoded. */
  LevelEncoder(int maxLevel) {
    bitWidth = Integer.SIZE - Integer.numberOfLeadingZeros(maxLevel);
    histogram = new long[maxLevel + 1];
  }

  void add(int level, int count) {
    histogram[level] += count;
    if (bitWidth == 0 || count == 0) {
      return; // a run of none must not end the one before
    }
    if (level != runLevel) {
      endRun();
      runLevel = level;
    }
    runLength += count;
  }

  /** How many levels of each value the page has, in a new array. */
  long[] histogram() {
    return histogram.clone();
  }

  /** How many levels the page has. */
  int count() {
    long count = 0;
    for (long levels : histogram) {
      count += levels;
    }
    return Math.toIntExact(count);
  }

  /** Bytes encoded so far; the run that is still open is not among them. */
  int size() {
    return size;
  }

  /**
   * The page's levels, their length in front. The bytes are valid until the next call of {@link
   * #clear()}.
   */
  BytesInput toBytes() {
    if (bitWidth == 0) {
      return BytesInput.empty();
    }
    endRun();
    if (groupLength > 0) {
      writeGroup();
    }
    return BytesInput.concat(BytesInput.fromInt(size), BytesInput.from(bytes, 0, size));
  }

  /** What parquet-java calls the encoding; it has one for levels that take no bytes, too. */
  Encoding encoding() {
    return bitWidth == 0 ? Encoding.BIT_PACKED : Encoding.RLE;
  }

  void clear() {
    Arrays.fill(histogram, 0);
    size = 0;
    packedHeader = -1;
  }

  private void endRun() {
    while (runLength > 0 && groupLength > 0) {
      pack();
    }
    if (runLength >= GROUP) {
      writeRun();
    }
    while (runLength > 0) {
      pack();
    }
  }

  private void pack() {
    group |= runLevel << (groupLength * bitWidth);
    groupLength++;
    runLength--;
    if (groupLength == GROUP) {
      writeGroup();
    }
  }

  private void writeGroup() {
    if (packedHeader < 0 || packedGroups == MAX_GROUPS_OF_RUN) {
      packedHeader = size;
      packedGroups = 0;
      write(0);
    }
    for (int i = 0; i < bitWidth; i++) {
      write(group >>> (i * Byte.SIZE));
    }
    packedGroups++;
    bytes[packedHeader] = (byte) ((packedGroups << 1) | 1);
    group = 0;
    groupLength = 0;
  }

  private void writeRun() {
    packedHeader = -1;
    int header = runLength << 1;
    while ((header & ~0x7f) != 0) { // beyond 2^30 levels it is negative
      write(header | 0x80);
      header >>>= 7;
    }
    write(header);
    write(runLevel);
    runLength = 0;
  }

  private void write(int value) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * size);
    }
    bytes[size] = (byte) value;
    size++;
  }
}
