package io.sparknorm.spark.fit;

import java.nio.ByteBuffer;

/**
 * Some groups, as the two files have them.
 *
 * @param statistics what the one has of them
 * @param moments what the other has
 */
record GroupChunk(byte[] statistics, byte[] moments) {
  byte[] toBytes() {
    return ByteBuffer.allocate(Integer.BYTES + statistics.length + moments.length)
        .putInt(statistics.length)
        .put(statistics)
        .put(moments)
        .array();
  }

  static GroupChunk of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte[] statistics = new byte[in.getInt()];
    in.get(statistics);
    byte[] moments = new byte[in.remaining()];
    in.get(moments);
    return new GroupChunk(statistics, moments);
  }
}
