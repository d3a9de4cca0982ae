package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitPart;
import java.nio.ByteBuffer;

/**
 * What there is of groups.
 *
 * @param total all of them together
 * @param count how many have values
 * @param statisticsBytes of all chunks
 * @param momentsBytes of all chunks
 */
record GroupSummary(FitPart total, int count, long statisticsBytes, long momentsBytes) {
  static GroupSummary none() {
    return new GroupSummary(FitPart.none(), 0, 0, 0);
  }

  /** With one more group, whose moments become those of the total. */
  GroupSummary with(FitPart group) {
    int more = group.moments().isPresent() ? 1 : 0;
    return new GroupSummary(
        total.plus(group), Math.addExact(count, more), statisticsBytes, momentsBytes);
  }

  GroupSummary with(GroupChunk chunk) {
    return new GroupSummary(
        total,
        count,
        statisticsBytes + chunk.statistics().length,
        momentsBytes + chunk.moments().length);
  }

  GroupSummary plus(GroupSummary other) {
    return new GroupSummary(
        total.plus(other.total),
        Math.addExact(count, other.count),
        statisticsBytes + other.statisticsBytes,
        momentsBytes + other.momentsBytes);
  }

  byte[] toBytes() {
    byte[] bytes = total.toBytes();
    return ByteBuffer.allocate(Integer.BYTES + 2 * Long.BYTES + bytes.length)
        .putInt(count)
        .putLong(statisticsBytes)
        .putLong(momentsBytes)
        .put(bytes)
        .array();
  }

  static GroupSummary of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int count = in.getInt();
    long statisticsBytes = in.getLong();
    long momentsBytes = in.getLong();
    byte[] total = new byte[in.remaining()];
    in.get(total);
    return new GroupSummary(FitPart.of(total), count, statisticsBytes, momentsBytes);
  }
}
