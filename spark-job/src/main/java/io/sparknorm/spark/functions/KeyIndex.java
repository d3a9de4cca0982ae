package io.sparknorm.spark.functions;

import java.util.Arrays;

/**
 * Numbers keys in the order in which they come, from 0: an open hash table of numbers over keys
 * that stand one after the other, with no object for a key.
 */
final class KeyIndex {
  private static final int FREE = -1;

  private byte[] keys = new byte[1024];

  /** Key k ends where key k + 1 begins. */
  private int[] starts = new int[64];

  private int[] hashes = new int[64];

  /** At most half of them are taken. */
  private int[] slots = new int[128];

  private int size;

  KeyIndex() {
    Arrays.fill(slots, FREE);
  }

  int size() {
    return size;
  }

  /** The number of a key, or -1. */
  int find(KeyBuffer key) {
    return slots[slot(key, key.hash())];
  }

  /** The number of a key, which is a new one, {@link #size} before the call, if it is new. */
  int add(KeyBuffer key) {
    int hash = key.hash();
    int slot = slot(key, hash);
    if (slots[slot] != FREE) {
      return slots[slot];
    }

    slots[slot] = size;
    append(key, hash);
    if (2 * size > slots.length) {
      grow();
    }

    return size - 1;
  }

  byte[] key(int number) {
    return Arrays.copyOfRange(keys, starts[number], starts[number + 1]);
  }

  /** Where the key is, or would be. */
  private int slot(KeyBuffer key, int hash) {
    int mask = slots.length - 1;
    int slot = hash & mask;
    while (slots[slot] != FREE && !holds(slots[slot], key, hash)) {
      slot = (slot + 1) & mask;
    }

    return slot;
  }

  private boolean holds(int number, KeyBuffer key, int hash) {
    return hashes[number] == hash
        && Arrays.equals(keys, starts[number], starts[number + 1], key.bytes(), 0, key.length());
  }

  private void append(KeyBuffer key, int hash) {
    if (size + 1 == starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
      hashes = Arrays.copyOf(hashes, starts.length);
    }

    int start = starts[size];
    int end = Math.addExact(start, key.length());
    if (end > keys.length) {
      keys =
          Arrays.copyOf(
              keys, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(2L * keys.length, end)));
    }

    System.arraycopy(key.bytes(), 0, keys, start, key.length());
    hashes[size] = hash;
    starts[++size] = end;
  }

  private void grow() {
    slots = new int[2 * slots.length];
    Arrays.fill(slots, FREE);
    int mask = slots.length - 1;
    for (int number = 0; number < size; number++) {
      int slot = hashes[number] & mask;
      while (slots[slot] != FREE) {
        slot = (slot + 1) & mask;
      }

      slots[slot] = number;
    }
  }
}
