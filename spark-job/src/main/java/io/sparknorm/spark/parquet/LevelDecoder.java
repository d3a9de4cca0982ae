package io.sparknorm.spark.parquet;

import java.nio.ByteBuffer;
import org.apache.parquet.io.ParquetDecodingException;

/**
 * Reads levels of one or two bits in Parquet's hybrid of run lengths and packed bits. Levels of
 * tensors come in long runs, which are taken whole.
 */
final class LevelDecoder {
  private static final int GROUP = 8;

  private final ByteBuffer in;

  /** The logarithm of a level's width in bits. */
  private final int shift;

  private final int mask;

  /** A byte of levels that are all 1. */
  private final int ones;

  /** How many levels of the packed run are left. */
  private int packed;

  /** Those of them that are left of the last byte read. */
  private int bits;

  private int level;

  /** How many of the next levels are known to be {@link #level}. */
  private int alike;

  /** How many levels zeros were looked for among. */
  private int at;

  /**
   * @param in positioned at the first run
   */
  LevelDecoder(ByteBuffer in, int bitWidth) {
    this.in = in;
    this.shift = bitWidth - 1;
    this.mask = (1 << bitWidth) - 1;
    this.ones = 0xFF / mask;
  }

  /**
   * Takes levels of one bit, and says where the next zeros are, as many as there is room for.
   *
   * @param count how many levels there are in all
   * @param positions with room for a group's
   * @return how many were found; none if there are none left
   */
  int zeros(int count, int[] positions) {
    int found = 0;
    while (at < count && found <= positions.length - GROUP) {
      int length = 0;
      if (packed > 0) {
        length = Math.min(GROUP, count - at);
        int levels = in.get() | -1 << length;
        for (int zeros = ~levels; zeros != 0; zeros &= zeros - 1) {
          positions[found++] = at + Integer.numberOfTrailingZeros(zeros);
        }
        packed -= GROUP;
      } else if (alike > 0) {
        length = Math.min(alike, count - at);
        if (level == 0) {
          length = Math.min(length, positions.length - found);
          for (int i = 0; i < length; i++) {
            positions[found++] = at + i;
          }
        }
        alike -= length;
      } else {
        nextRun();
      }
      at += length;
    }
    return found;
  }

  /** The next level, which is not taken. */
  int next() {
    while (alike == 0) {
      if (packed > 0) {
        unpack();
      } else {
        nextRun();
      }
    }
    return level;
  }

  /** How many levels from {@link #next()} on are known to be like it. */
  int alike() {
    return alike;
  }

  /** Takes the next levels that are this one, at most so many, and says how many they are. */
  int take(int level, int most) {
    int taken = 0;
    while (taken < most && next() == level) {
      int some = Math.min(alike, most - taken);
      alike -= some;
      taken += some;
    }
    return taken;
  }

  /** Takes what is alike at the front of a byte; no level is in two of them. */
  private void unpack() {
    int ofByte = packed & (GROUP >> shift) - 1;
    if (ofByte == 0) {
      ofByte = GROUP >> shift;
      bits = in.get() & 0xFF;
    }
    level = bits & mask;
    int others = bits ^ level * ones;
    alike = Math.min(ofByte, Integer.numberOfTrailingZeros(others) >> shift);
    bits >>>= alike << shift;
    packed -= alike;
  }

  private void nextRun() {
    int header = 0;
    int width = 0;
    int part;
    do {
      part = in.get();
      header |= (part & 0x7F) << width;
      width += 7;
    } while (part < 0);
    boolean isPacked = (header & 1) == 1;
    int length = isPacked ? (header >>> 1) * GROUP : header >>> 1;
    if (length < 0) {
      throw new ParquetDecodingException("Cannot read levels: a run of length " + length);
    }
    if (isPacked) {
      packed = length;
    } else {
      alike = length;
      level = in.get() & mask;
    }
  }
}
