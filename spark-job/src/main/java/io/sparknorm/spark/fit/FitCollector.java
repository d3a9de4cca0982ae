package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.models.GroupedState;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;

/** Puts together, in the driver, what a pass has found of a dataset. */
final class FitCollector implements Closeable {
  private final FitParts parts;
  private final int first;
  private final List<FitResultBuilder> results = new ArrayList<>();
  private final Map<Integer, GroupCollector> groups = new HashMap<>();

  /**
   * @param first the number of the dataset's first partition
   */
  FitCollector(List<FitColumn<?>> columns, FitParts parts, int first) {
    this.parts = parts;
    this.first = first;
    columns.forEach(column -> results.add(new FitResultBuilder(column.momentChannels())));
    parts.grouped().forEach(number -> groups.put(number, new GroupCollector(columns.get(number))));
  }

  /**
   * Takes the last that a partition has: a block's state, or a summary of groups. They come in the
   * order of their numbers.
   */
  void add(int partition, byte[] last) throws IOException {
    int column = parts.column(partition - first);
    if (parts.isOfGroups(partition - first)) {
      groups.get(column).add(partition, GroupSummary.of(last));
    } else {
      results.get(column).add(FitPart.of(last));
    }
  }

  /**
   * What was found of each column.
   *
   * @param merged all partitions
   */
  List<FitResult> collect(JavaRDD<byte[]> merged, FitMemory memory) throws IOException {
    List<FitResult> built = new ArrayList<>();
    for (int column = 0; column < results.size(); column++) {
      Optional<GroupedState> state = Optional.empty();
      if (groups.containsKey(column)) {
        results.get(column).add(groups.get(column).total());
        state = groups.get(column).collect(merged, memory);
      }

      built.add(results.get(column).build(state));
    }

    return built;
  }

  /** Lets go of the states of columns without groups, which nobody can read from now on. */
  @Override
  public void close() throws IOException {
    for (FitResultBuilder result : results) {
      result.close();
    }
  }
}
