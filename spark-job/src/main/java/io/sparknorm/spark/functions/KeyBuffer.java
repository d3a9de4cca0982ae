package io.sparknorm.spark.functions;

import java.util.Arrays;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.hash.Murmur3_x86_32;
import org.apache.spark.unsafe.types.UTF8String;

/** The bytes of one key at a time, used again for the next. Numbers are big-endian. */
final class KeyBuffer {
  private byte[] bytes = new byte[64];
  private int length;

  void clear() {
    length = 0;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  byte[] copy() {
    return Arrays.copyOf(bytes, length);
  }

  int hash() {
    return Murmur3_x86_32.hashUnsafeBytes2(bytes, Platform.BYTE_ARRAY_OFFSET, length, 0);
  }

  void put(byte[] key) {
    reserve(key.length);
    System.arraycopy(key, 0, bytes, length, key.length);
    length += key.length;
  }

  void putByte(int value) {
    reserve(1);
    bytes[length++] = (byte) value;
  }

  void putInt(int value) {
    reserve(Integer.BYTES);
    for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      bytes[length++] = (byte) (value >>> shift);
    }
  }

  void putLong(long value) {
    putInt((int) (value >>> Integer.SIZE));
    putInt((int) value);
  }

  /** With its length before it. */
  void putSized(byte[] value) {
    putInt(value.length);
    put(value);
  }

  /** With its length in bytes before it. */
  void putSized(UTF8String value) {
    putInt(value.numBytes());
    reserve(value.numBytes());
    value.writeToMemory(bytes, (long) Platform.BYTE_ARRAY_OFFSET + length);
    length += value.numBytes();
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
  }
}
