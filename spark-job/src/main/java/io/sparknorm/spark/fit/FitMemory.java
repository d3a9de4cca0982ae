package io.sparknorm.spark.fit;

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
    return (heap - RESERVED) / GROUPS_SHARE / tasks;
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

    if (tasks * task > heap - RESERVED) {
      throw refused(
          "the moments of %d channels take at least %s in each of %d tasks at once, %s in all, and"
              + " %s of %s has %s for them (%s)",
          channels,
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

    if (channels * DRIVER_BYTES > driverHeap - RESERVED) {
      throw refused(
          "the statistics of %d channels take at least %s, and the driver's heap of %s has %s for"
              + " them (raise spark.driver.memory)",
          channels, text(channels * DRIVER_BYTES), text(driverHeap), text(driverHeap - RESERVED));
    }
  }

  private static JobException refused(String why, Object... values) {
    return JobException.usage("Cannot fit: " + String.format(Locale.ROOT, why, values));
  }

  private static String text(long bytes) {
    return bytes / MEBIBYTE + " MiB";
  }
}
