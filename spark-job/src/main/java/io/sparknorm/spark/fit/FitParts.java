package io.sparknorm.spark.fit;

import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.functions.FitColumn;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.Partitioner;

/**
 * How the states of a fit's tasks are divided among those that merge them, for each dataset: one
 * partition for each block of channels, then {@link #GROUP_PARTITIONS} for each column that has
 * groups.
 *
 * <p>A state goes under some bytes: the number of its partition and, for a group, the SHA-256 of
 * its key, by whose first digits the partition is chosen. The partitions one after the other, each
 * in the order of these bytes, thus have the groups in the order of their digests.
 *
 * @param blocks of the columns without groups
 * @param grouped the numbers of the columns with groups
 */
record FitParts(List<ChannelBlock> blocks, List<Integer> grouped) implements Serializable {
  /** With the blocks these stay below 200, where a task writes each to a file of its own. */
  static final int GROUP_PARTITIONS = 32;

  static FitParts of(List<FitColumn<?>> columns) {
    List<Integer> grouped = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      if (!columns.get(i).grouping().isEmpty()) {
        grouped.add(i);
      }
    }

    List<ChannelBlock> blocks = new ArrayList<>(ChannelBlock.of(columns));
    blocks.removeIf(block -> grouped.contains(block.column()));
    return new FitParts(blocks, grouped);
  }

  /** How many partitions a dataset has. */
  int count() {
    return blocks.size() + GROUP_PARTITIONS * grouped.size();
  }

  /** How many channels the widest block has, at least 1. */
  int mostChannels() {
    return blocks.stream().mapToInt(block -> block.to() - block.from()).reduce(1, Math::max);
  }

  boolean isOfGroups(int partition) {
    return partition >= blocks.size();
  }

  /** The column whose states a partition merges. */
  int column(int partition) {
    return isOfGroups(partition)
        ? grouped.get((partition - blocks.size()) / GROUP_PARTITIONS)
        : blocks.get(partition).column();
  }

  /** What the states of a block of a dataset go under. */
  byte[] ofBlock(int dataset, int number) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(dataset * count() + number).array();
  }

  /**
   * What the states of a group of a dataset go under.
   *
   * @param column the number of a column with groups
   */
  byte[] ofGroup(int dataset, int column, byte[] key) {
    byte[] digest = Sha256.of(key);
    int first = (Byte.toUnsignedInt(digest[0]) * GROUP_PARTITIONS) >>> Byte.SIZE;
    int partition = blocks.size() + grouped.indexOf(column) * GROUP_PARTITIONS + first;
    return ByteBuffer.allocate(Integer.BYTES + digest.length)
        .putInt(dataset * count() + partition)
        .put(digest)
        .array();
  }

  /** Sends states where their bytes say. */
  static final class ByNumber extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByNumber(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return ByteBuffer.wrap((byte[]) key).getInt();
    }
  }

  /** The order of unsigned bytes. */
  enum ByBytes implements Comparator<byte[]> {
    INSTANCE;

    @Override
    public int compare(byte[] left, byte[] right) {
      return Arrays.compareUnsigned(left, right);
    }
  }
}
