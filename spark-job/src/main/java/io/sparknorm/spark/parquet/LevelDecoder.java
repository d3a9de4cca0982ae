package io.sparknorm.spark.parquet;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.parquet.io.ParquetDecodingException;

/**
 * Reads levels of one or two bits in Parquet's hybrid of run lengths and packed bits. Levels of
 * tensors come in long runs, which are taken whole.
 */
final class LevelDecoder {
  private static final int GROUP = 8;

  private final ByteBuffer in;
  private final int bitWidth;
  private int runLength;
  private boolean packed;
  private int runValue;

  /**
   * @param in positioned at the first run, and advanced beyond what is read
   */
  LevelDecoder(ByteBuffer in, int bitWidth) {
    this.in = in;
    this.bitWidth = bitWidth;
  }

  /** Whether the next levels are a single run of this value; leaves them unread. */
  boolean isRunOf(int value, int count) {
    int position = in.position();
    nextRun();
    boolean is = !packed && runValue == value && runLength >= count;
    in.position(position);
    runLength = 0;
    return is;
  }

  /** Where the zeros are among the next levels. */
  int zeros(int count, int[] positions) {
    int found = 0;
    int at = 0;
    while (at < count) {
      nextRun();
      int end = at + Math.min(count - at, runLength);
      if (packed) {
        for (int first = at; first - at < runLength; first += GROUP) {
          int bits = in.get();
          for (int zeros = ~bits & 0xFF; zeros != 0; zeros &= zeros - 1) {
            int position = first + Integer.numberOfTrailingZeros(zeros);
            if (position < end) {
              positions[found++] = position;
            }
          }
        }
      } else if (runValue == 0) {
        for (int i = at; i < end; i++) {
          positions[found++] = i;
        }
      }
      at = end;
    }
    return found;
  }

  /** Reads the next levels one by one. */
  void read(int count, byte[] levels) {
    int mask = (1 << bitWidth) - 1;
    int at = 0;
    while (at < count) {
      nextRun();
      int end = at + Math.min(count - at, runLength);
      if (packed) {
        for (int first = at; first - at < runLength; first += GROUP) {
          int bits = 0;
          for (int i = 0; i < bitWidth; i++) {
            bits |= (in.get() & 0xFF) << (i * GROUP);
          }
          for (int i = first; i < Math.min(end, first + GROUP); i++) {
            levels[i] = (byte) (bits & mask);
            bits >>>= bitWidth;
          }
        }
      } else {
        Arrays.fill(levels, at, end, (byte) runValue);
      }
      at = end;
    }
  }

  private void nextRun() {
    int header = 0;
    int shift = 0;
    int part;
    do {
      part = in.get();
      header |= (part & 0x7F) << shift;
      shift += 7;
    } while (part < 0);
    packed = (header & 1) == 1;
    runLength = packed ? (header >>> 1) * GROUP : header >>> 1;
    if (runLength < 0) {
      throw new ParquetDecodingException("Cannot read levels: a run of length " + runLength);
    }
    if (!packed) {
      runValue = in.get();
    }
  }
}
