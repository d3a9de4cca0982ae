package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.models.GroupedState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;

/** Brings the groups of a column to the driver, once it is known how many there are. */
final class GroupCollector {
  /** So many bytes come at a time, unless a single partition has more. */
  private static final long BYTES_AT_ONCE = 64 << 20;

  private final FitColumn<?> column;
  private final Map<Integer, Long> sizes = new TreeMap<>();
  private GroupSummary summary = GroupSummary.none();

  GroupCollector(FitColumn<?> column) {
    this.column = column;
  }

  /** Notes what a partition has; partitions come in their order. */
  void add(int partition, GroupSummary found) {
    sizes.put(partition, found.statisticsBytes() + found.momentsBytes());
    summary = column.sum(() -> summary.plus(found));
  }

  /** All groups together. */
  FitPart total() {
    return summary.total();
  }

  /**
   * Takes all chunks.
   *
   * @param merged a partition's chunks and its summary; those of other columns too
   * @return empty if no group has values
   */
  Optional<GroupedState> collect(JavaRDD<byte[]> merged, FitMemory memory) throws IOException {
    if (summary.count() == 0) {
      return Optional.empty();
    }

    memory.checkGroups(summary.count(), summary.statisticsBytes());
    try (GroupedState.Builder groups = new GroupedState.Builder()) {
      for (int[] partitions : batches()) {
        for (List<byte[]> found : merged.collectPartitions(partitions)) {
          for (byte[] bytes : found.subList(0, found.size() - 1)) {
            GroupChunk chunk = GroupChunk.of(bytes);
            groups.add(chunk.statistics(), chunk.moments());
          }
        }
      }

      return Optional.of(
          groups.build(column.grouping().key().by(), column.momentChannels(), summary.count()));
    }
  }

  /** The partitions that come together. */
  private List<int[]> batches() {
    List<int[]> batches = new ArrayList<>();
    List<Integer> batch = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<Integer, Long> partition : sizes.entrySet()) {
      if (!batch.isEmpty() && bytes + partition.getValue() > BYTES_AT_ONCE) {
        batches.add(batch.stream().mapToInt(Integer::intValue).toArray());
        batch.clear();
        bytes = 0;
      }

      batch.add(partition.getKey());
      bytes += partition.getValue();
    }

    batches.add(batch.stream().mapToInt(Integer::intValue).toArray());
    return batches;
  }
}
