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
import org.apache.spark.api.java.JavaPairRDD;
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
    return run(List.of(records)).get(0);
  }

  /**
   * Reads several datasets once, all by the same tasks.
   *
   * @param datasets at least one, each as for {@link #run(Dataset)}
   * @return what that returns, of each dataset
   */
  List<List<FitResult>> run(List<Dataset<Row>> datasets) {
    List<JavaRDD<InternalRow>> rows =
        datasets.stream().map(records -> records.queryExecution().toRdd().toJavaRDD()).toList();
    int tasks = rows.stream().mapToInt(JavaRDD::getNumPartitions).sum();
    FitMemory.check(datasets.get(0).sparkSession().sparkContext(), columns, tasks);
    try {
      return collect(merged(rows), datasets.size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The merged states, one partition for each block of each dataset. */
  private JavaRDD<byte[]> merged(List<JavaRDD<InternalRow>> datasets) {
    List<FitColumn<?>> read = columns;
    List<ChannelBlock> sent = blocks;
    List<JavaPairRDD<Integer, byte[]>> states = new ArrayList<>();
    for (JavaRDD<InternalRow> rows : datasets) {
      int first = states.size() * blocks.size();
      states.add(rows.mapPartitionsToPair(task -> states(task, read, sent, first)));
    }

    return union(states)
        .partitionBy(new HashPartitioner(datasets.size() * blocks.size()))
        .values()
        .mapPartitions(merging -> List.of(FitPart.merge(merging)).iterator());
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of the one type there is
  private static JavaPairRDD<Integer, byte[]> union(List<JavaPairRDD<Integer, byte[]>> states) {
    return states.size() == 1
        ? states.get(0)
        : new JavaSparkContext(states.get(0).context()).union(states.toArray(JavaPairRDD[]::new));
  }

  /**
   * One task's states by the number of their block, made bytes of when Spark asks for them.
   *
   * @param first the number of the first block
   */
  private static Iterator<Tuple2<Integer, byte[]>> states(
      Iterator<InternalRow> rows,
      List<FitColumn<?>> columns,
      List<ChannelBlock> blocks,
      int first) {
    FitTask task = new FitTask(columns);
    while (rows.hasNext()) {
      task.add(rows.next());
    }

    return IntStream.range(0, blocks.size())
        .mapToObj(
            number -> {
              ChannelBlock block = blocks.get(number);
              return new Tuple2<>(
                  first + number, task.state(block.column(), block.from(), block.to()));
            })
        .iterator();
  }

  private List<List<FitResult>> collect(JavaRDD<byte[]> merged, int datasets) throws IOException {
    int atOnce =
        Math.min(MOST_AT_ONCE, new JavaSparkContext(merged.context()).defaultParallelism());
    List<List<FitResultBuilder>> results = new ArrayList<>();
    for (int i = 0; i < datasets; i++) {
      results.add(
          columns.stream().map(column -> new FitResultBuilder(column.momentChannels())).toList());
    }

    int size = blocks.size();
    for (int from = 0; from < datasets * size; from += atOnce) {
      int[] numbers = IntStream.range(from, Math.min(from + atOnce, datasets * size)).toArray();
      List<byte[]>[] parts = merged.collectPartitions(numbers);
      for (int i = 0; i < parts.length; i++) {
        int column = blocks.get(numbers[i] % size).column();
        results.get(numbers[i] / size).get(column).add(FitPart.of(parts[i].get(0)));
      }
    }

    List<List<FitResult>> built = new ArrayList<>();
    for (List<FitResultBuilder> dataset : results) {
      List<FitResult> columnResults = new ArrayList<>();
      for (FitResultBuilder result : dataset) {
        columnResults.add(result.build());
      }

      built.add(columnResults);
    }

    return built;
  }
}
