package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.functions.FitResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.spark.Partitioner;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The pass of a fit. Each task adds its records to one state, which then travels in blocks of
 * channels; a reducer merges the blocks of the same channels of all tasks, and the driver takes
 * them one after the other. Only a task ever holds a whole state.
 *
 * <p>Where a column has groups, a task has a state for each that it meets, and sends them all
 * whenever they take more memory than they may. Reducers have the states, not the records, in the
 * order of their groups, and hold two of them at a time; the driver takes the groups in chunks.
 *
 * <p>An aggregate function would do with less, but its states would all be merged by one reducer.
 */
final class FitPass {
  /** So many merged partitions come to the driver at a time. */
  private static final int MOST_AT_ONCE = 32;

  /** Or so many channels, if that is more: where there are many datasets of few channels each. */
  private static final int FEW_CHANNELS = 1 << 15;

  /** So many datasets are read at a time, or as many as there are cores. */
  private static final int FEW_DATASETS = 50;

  /** And of groups so many channels of summaries. */
  private static final int MOST_CHANNELS_AT_ONCE = 1 << 18;

  private final List<FitColumn<?>> columns;
  private final FitParts parts;
  private final OptionalLong groupBytes;

  FitPass(List<FitColumn<?>> columns) {
    this(columns, OptionalLong.empty());
  }

  /**
   * @param groupBytes the memory that groups may take in a task, if not what {@link FitMemory} says
   */
  FitPass(List<FitColumn<?>> columns, OptionalLong groupBytes) {
    this.columns = columns;
    this.parts = FitParts.of(columns);
    this.groupBytes = groupBytes;
  }

  /** Takes what was found of a dataset. */
  @FunctionalInterface
  interface Taker<R> {
    /**
     * Takes the results of each column.
     *
     * @param dataset its number
     */
    R take(int dataset, List<FitResult> results) throws IOException;
  }

  /**
   * Reads a dataset once.
   *
   * @param records the columns' tensors, then the weights of those that have any, then the columns
   *     of their keys
   * @return what was found of each column, in the same order
   */
  List<FitResult> run(Dataset<Row> records) {
    return read(List.of(records), (collector, dataset, results) -> results).get(0);
  }

  /**
   * Reads several datasets once: as many at a time as keep the cluster busy. Every task is sent the
   * plans of all that are read at a time.
   *
   * @param datasets at least one, each as for {@link #run(Dataset)}
   * @param taker is given what that returns, of one dataset after the other; exact states are gone
   *     when it has taken them, so that there is one file at a time
   * @return what it makes of each
   */
  <R> List<R> run(List<Dataset<Row>> datasets, Taker<R> taker) {
    SparkContext spark = datasets.get(0).sparkSession().sparkContext();
    FitMemory.of(spark, datasets.size()).checkStates(columns, datasets.size());
    int most = Math.max(FEW_DATASETS, spark.defaultParallelism());
    List<R> taken = new ArrayList<>();
    for (int from = 0; from < datasets.size(); from += most) {
      int first = from;
      Handover<R> handover =
          (collector, dataset, results) -> {
            try (collector) {
              return taker.take(first + dataset, results);
            }
          };
      taken.addAll(read(datasets.subList(from, Math.min(from + most, datasets.size())), handover));
    }

    return taken;
  }

  /** What becomes of the results of a dataset, and of what holds them. */
  private interface Handover<R> {
    R take(FitCollector collector, int dataset, List<FitResult> results) throws IOException;
  }

  /** Reads some datasets in one pass, once the memory has proved to be enough for it. */
  private <R> List<R> read(List<Dataset<Row>> datasets, Handover<R> handover) {
    List<JavaRDD<Records>> records = datasets.stream().map(ScannedRecords::of).toList();
    int tasks = records.stream().mapToInt(JavaRDD::getNumPartitions).sum();
    FitMemory memory = FitMemory.of(datasets.get(0).sparkSession().sparkContext(), tasks);
    memory.check(columns);
    JavaRDD<byte[]> merged = merged(records, groupBytes.orElse(memory.groupBytes()));
    if (!parts.grouped().isEmpty()) {
      merged.persist(StorageLevel.DISK_ONLY()); // first comes what there is, and then all of it
    }

    try {
      return collect(merged, memory, handover);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      merged.unpersist(false);
    }
  }

  /** The merged states of each dataset, as {@link FitParts} divides them. */
  private JavaRDD<byte[]> merged(List<JavaRDD<Records>> datasets, long bytes) {
    List<FitColumn<?>> read = columns;
    FitParts sent = parts;
    List<JavaPairRDD<byte[], byte[]>> states = new ArrayList<>();
    for (JavaRDD<Records> records : datasets) {
      int dataset = states.size();
      states.add(
          records.mapPartitionsToPair(found -> new FitRows(found, read, sent, dataset, bytes)));
    }

    Partitioner byNumber = new FitParts.ByNumber(datasets.size() * parts.count());
    JavaPairRDD<byte[], byte[]> divided =
        parts.grouped().isEmpty()
            ? union(states).partitionBy(byNumber)
            : union(states).repartitionAndSortWithinPartitions(byNumber, FitParts.ByBytes.INSTANCE);
    return divided.mapPartitionsWithIndex(
        (number, found) -> merged(found, read, sent, number % sent.count()), true);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of the one type there is
  private static JavaPairRDD<byte[], byte[]> union(List<JavaPairRDD<byte[], byte[]>> states) {
    return states.size() == 1
        ? states.get(0)
        : new JavaSparkContext(states.get(0).context()).union(states.toArray(JavaPairRDD[]::new));
  }

  private static Iterator<byte[]> merged(
      Iterator<Tuple2<byte[], byte[]>> found,
      List<FitColumn<?>> columns,
      FitParts parts,
      int part) {
    if (parts.isOfGroups(part)) {
      return new GroupMerger(found, columns.get(parts.column(part)));
    }

    Iterator<byte[]> states =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return found.hasNext();
          }

          @Override
          public byte[] next() {
            return found.next()._2();
          }
        };
    return List.of(columns.get(parts.column(part)).sum(() -> FitPart.merge(states))).iterator();
  }

  private <R> List<R> collect(JavaRDD<byte[]> merged, FitMemory memory, Handover<R> handover)
      throws IOException {
    List<R> taken = new ArrayList<>();
    JavaRDD<byte[]> last = merged.mapPartitions(FitPass::last, true);
    int parallel = new JavaSparkContext(merged.context()).defaultParallelism();
    int count = merged.getNumPartitions();
    FitCollector collector = new FitCollector(columns, parts, 0);
    for (int from = 0, to; from < count; from = to) {
      to = Math.min(count, from + atOnce(from % parts.count(), parallel));
      List<byte[]>[] found = last.collectPartitions(IntStream.range(from, to).toArray());
      for (int i = 0; i < found.length; i++) {
        collector.add(from + i, found[i].get(0));
        int next = from + i + 1;
        if (next % parts.count() == 0) {
          List<FitResult> results = collector.collect(merged, memory);
          taken.add(handover.take(collector, taken.size(), results));
          collector = new FitCollector(columns, parts, next);
        }
      }
    }

    return taken;
  }

  /** How many partitions to ask for from this one on; of groups come summaries, which are small. */
  private int atOnce(int part, int parallel) {
    if (!parts.isOfGroups(part)) {
      int some = Math.min(MOST_AT_ONCE, parallel);
      return parts.grouped().isEmpty() ? Math.max(some, FEW_CHANNELS / parts.mostChannels()) : some;
    }

    int channels = columns.get(parts.column(part)).momentChannels();
    return Math.max(1, Math.min(FitParts.GROUP_PARTITIONS, MOST_CHANNELS_AT_ONCE / channels));
  }

  /** Of a block its state, of groups their summary. */
  private static Iterator<byte[]> last(Iterator<byte[]> found) {
    byte[] last = found.next();
    while (found.hasNext()) {
      last = found.next();
    }

    return List.of(last).iterator();
  }
}
