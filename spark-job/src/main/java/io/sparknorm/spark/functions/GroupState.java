package io.sparknorm.spark.functions;

import java.nio.ByteBuffer;

/**
 * What a task has found of a group.
 *
 * @param key as {@link GroupKey} writes it
 * @param state as {@link FitPart} merges it
 */
public record GroupState(byte[] key, byte[] state) {
  /** Both as one, which travels. */
  public byte[] toBytes() {
    return ByteBuffer.allocate(Integer.BYTES + key.length + state.length)
        .putInt(key.length)
        .put(key)
        .put(state)
        .array();
  }

  public static GroupState of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte[] key = new byte[in.getInt()];
    in.get(key);
    byte[] state = new byte[in.remaining()];
    in.get(state);
    return new GroupState(key, state);
  }
}
