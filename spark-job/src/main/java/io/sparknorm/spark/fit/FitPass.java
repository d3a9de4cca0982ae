package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.FitTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The pass of a fit. Each task adds its records to one state, which then travels in blocks of
 * channels; a reducer merges the blocks of the same channels of all tasks, and the driver takes
 * them one after the other. Only a task ever holds a whole state.
 *
 * <p>Tasks take rows as Spark's generated code gives them. An aggregate function would see the same
 * rows, but its states would all be merged by one reducer.
 */
final class FitPass {
  /** So many merged blocks come to the driver at a time. */
  private static final int MOST_AT_ONCE = 32;

  private final List<FitColumn<?>> columns;
  private final List<ChannelBlock> blocks;

  FitPass(List<FitColumn<?>> columns) {
    this.columns = columns;
    this.blocks = ChannelBlock.of(columns);
  }

  /**
   * Reads a dataset once.
   *
   * @param records the columns' tensors, then their weights
   * @return what was found of each column, in the same order
   */
  List<FitResult> run(Dataset<Row> records) {
    JavaRDD<InternalRow> rows = records.queryExecution().toRdd().toJavaRDD();
    FitMemory.check(records.sparkSession().sparkContext(), columns, rows.getNumPartitions());
    try {
      return collect(merged(rows));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The merged states, one partition for each block. */
  private JavaRDD<byte[]> merged(JavaRDD<InternalRow> rows) {
    List<FitColumn<?>> read = columns;
    List<ChannelBlock> sent = blocks;
    return rows.mapPartitionsToPair(task -> states(task, read, sent))
        .partitionBy(new HashPartitioner(blocks.size()))
        .values()
        .mapPartitions(states -> List.of(FitPart.merge(states)).iterator());
  }

  /** One task's states by the number of their block, made bytes of when Spark asks for them. */
  private static Iterator<Tuple2<Integer, byte[]>> states(
      Iterator<InternalRow> rows, List<FitColumn<?>> columns, List<ChannelBlock> blocks) {
    FitTask task = new FitTask(columns);
    while (rows.hasNext()) {
      task.add(rows.next());
    }

    return IntStream.range(0, blocks.size())
        .mapToObj(
            number -> {
              ChannelBlock block = blocks.get(number);
              return new Tuple2<>(number, task.state(block.column(), block.from(), block.to()));
            })
        .iterator();
  }

  private List<FitResult> collect(JavaRDD<byte[]> merged) throws IOException {
    int atOnce =
        Math.min(MOST_AT_ONCE, new JavaSparkContext(merged.context()).defaultParallelism());
    List<FitResultBuilder> results = new ArrayList<>();
    columns.forEach(column -> results.add(new FitResultBuilder(column.momentChannels())));
    for (int from = 0; from < blocks.size(); from += atOnce) {
      int[] numbers = IntStream.range(from, Math.min(from + atOnce, blocks.size())).toArray();
      List<byte[]>[] parts = merged.collectPartitions(numbers);
      for (int i = 0; i < parts.length; i++) {
        results.get(blocks.get(numbers[i]).column()).add(FitPart.of(parts[i].get(0)));
      }
    }

    List<FitResult> built = new ArrayList<>();
    for (FitResultBuilder result : results) {
      built.add(result.build());
    }

    return built;
  }
}
