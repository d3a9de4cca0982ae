package io.sparknorm.spark.fit;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.functions.FitColumn;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * The memory that a fit takes at least, held against what there is before anything is read: a fit
 * that cannot succeed ends with a figure and not with lost executors.
 *
 * @param heap of one executor, or of the driver in local mode, in bytes
 * @param tasks how many an executor runs at once, at least
 * @param local whether tasks run in the driver
 * @param driverHeap in bytes
 */
record FitMemory(long heap, int tasks, boolean local, long driverHeap) {
  private static final Pattern LOCAL_THREADS = Pattern.compile("local\\[([0-9]+)");
  private static final long MEBIBYTE = 1 << 20;

  /** What Spark's memory manager leaves alone ({@code UnifiedMemoryManager}). */
  private static final long RESERVED = 300 * MEBIBYTE;

  /** Bytes that make a Java array, with room for a header. */
  private static final long MOST_GROUP_BYTES = Integer.MAX_VALUE - 64;

  /** A count, a mean and two variances, and once more while they are put together. */
  private static final long DRIVER_BYTES = 2 * 4 * Double.BYTES;

  /** What a state's bytes have of a channel at least: a count, a mark and two sums of no digits. */
  private static final long STATE_BYTES = Long.BYTES + 1 + 2 * 2;

  /** With more, the keys of the groups would not fit into an array. */
  private static final long MOST_BYTES_IN_TASK = 1 << 30;

  /** The part of the heap that the groups of a fit may take. */
  private static final int GROUPS_SHARE = 4;

  /**
   * The memory that there is.
   *
   * @param partitions of the dataset
   */
  static FitMemory of(SparkContext spark, int partitions) {
    SparkConf conf = spark.getConf();
    long driverHeap = Runtime.getRuntime().maxMemory();
    long heap =
        spark.isLocal() ? driverHeap : conf.getSizeAsMb("spark.executor.memory", "1g") * MEBIBYTE;
    int cores =
        spark.isLocal() ? localThreads(spark.master()) : conf.getInt("spark.executor.cores", 1);
    int tasks = Math.min(partitions, cores / conf.getInt("spark.task.cpus", 1));
    return new FitMemory(heap, Math.max(1, tasks), spark.isLocal(), driverHeap);
  }

  /** How many tasks local mode runs at once; Spark's default parallelism may be set otherwise. */
  static int localThreads(String master) {
    Matcher threads = LOCAL_THREADS.matcher(master);
    if (threads.lookingAt()) {
      return Integer.parseInt(threads.group(1));
    }

    return master.equals("local") ? 1 : Runtime.getRuntime().availableProcessors();
  }

  /** The memory, in bytes, that groups may take in each task. */
  long groupBytes() {
    return Math.min(MOST_BYTES_IN_TASK, (heap - RESERVED) / GROUPS_SHARE / tasks);
  }

  /**
   * Refuses groups whose statistics are too large to normalise by: they are broadcast, and each
   * executor makes normalizers of them.
   *
   * @param bytes of the statistics
   */
  void checkGroups(int groups, long bytes) {
    long least = 2 * bytes;
    long most = Math.min(heap, driverHeap) - RESERVED;
    if (bytes > MOST_GROUP_BYTES || least > most) {
      throw refused(
          "the statistics of %d groups are %s, which take at least %s in the driver and in each"
              + " executor, and the smaller heap has %s for them (raise its memory, or group by"
              + " less; no more than %s can be broadcast)",
          groups, text(bytes), text(least), text(most), text(MOST_GROUP_BYTES));
    }
  }

  /** Refuses a fit that cannot succeed. */
  void check(List<FitColumn<?>> columns) {
    long channels = 0;
    long task = 0;
    for (FitColumn<?> column : columns) {
      channels += column.momentChannels();
      task += column.leastBytes();
    }

    checkTasks("the moments of %d channels take".formatted(channels), task);
    long groups = 0;
    long widest = 0;
    for (FitColumn<?> column : columns) {
      long state = column.grouping().isEmpty() ? 0 : column.leastBytes();
      groups += state;
      widest = Math.max(widest, state);
    }

    // A reducer adds one state to another, and the driver that of each reducer to a total.
    checkTasks("groups, of which a task holds two with all channels, take", 2 * widest);
    long driver = channels * DRIVER_BYTES + groups + widest;
    if (driver > driverHeap - RESERVED) {
      throw refused(
          "the statistics of %d channels%s take at least %s, and the driver's heap of %s has %s for"
              + " them (raise spark.driver.memory)",
          channels,
          groups == 0 ? "" : " with the moments of all groups together",
          text(driver),
          text(driverHeap),
          text(driverHeap - RESERVED));
    }
  }

  private void checkTasks(String what, long task) {
    if (tasks * task > heap - RESERVED) {
      throw refused(
          "%s at least %s in each of %d tasks at once, %s in all, and %s of %s has %s for them (%s)",
          what,
          text(task),
          tasks,
          text(tasks * task),
          local ? "the Java heap" : "the heap of an executor",
          text(heap),
          text(heap - RESERVED),
          local
              ? "raise spark.driver.memory, or run fewer tasks at once by --master local[n]"
              : "raise spark.executor.memory, or lower spark.executor.cores");
    }
  }

  /**
   * Refuses so many datasets that the driver cannot hold a state of each, as bytes, and add one
   * after the other to their sum.
   *
   * @param datasets that are read
   */
  void checkStates(List<FitColumn<?>> columns, int datasets) {
    long channels = 0;
    long totals = 0;
    long widest = 0;
    for (FitColumn<?> column : columns) {
      long state = Moments.leastBytes(column.momentChannels());
      channels += column.momentChannels();
      totals += state;
      widest = Math.max(widest, state);
    }

    long states = datasets * channels * STATE_BYTES + totals + widest;
    if (states > driverHeap - RESERVED) {
      throw refused(
          "the states of %d partitions, of %d channels each, and their sum take at least %s, and the"
              + " driver's heap of %s has %s for them (raise spark.driver.memory, or narrow"
              + " input.window)",
          datasets, channels, text(states), text(driverHeap), text(driverHeap - RESERVED));
    }
  }

  private static JobException refused(String why, Object... values) {
    return JobException.usage("Cannot fit: " + String.format(Locale.ROOT, why, values));
  }

  private static String text(long bytes) {
    return bytes / MEBIBYTE + " MiB";
  }
}
