package io.sparknorm.spark.app;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * A run on as many groups as there may be, in a process of its own: no group has two records in a
 * row, and each comes in every file.
 */
final class ManyGroups {
  static final int CHANNELS = 64;
  static final int FILES = 8;

  private ManyGroups() {}

  /** Takes a folder, the number of groups and the number of records. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int groups = Integer.parseInt(arguments[1]);
    long records = Long.parseLong(arguments[2]);
    try (SparkSession spark = SparkSession.builder().master("local[2]").getOrCreate()) {
      spark
          .range(0, records, 1, FILES)
          .selectExpr(
              "id",
              "transform(sequence(1, %d), c -> float(randn(7) * c + id %% %d)) AS x"
                  .formatted(CHANNELS, groups),
              "concat('group ', id %% %d) AS k".formatted(groups))
          .write()
          .parquet(folder.resolve("in").toString());
      long begin = System.nanoTime();
      run(spark, folder);
      System.out.printf(
          "%d groups of %d channels, %d records: %.1f seconds, peak of the heap %d MiB of %d%n",
          groups, CHANNELS, records, (System.nanoTime() - begin) / 1e9, peak(), most());
    }
  }

  private static void run(SparkSession spark, Path folder) throws IOException {
    String job =
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features { column = x, shape = [%d], group-by = [k] }
        norm.type = batch-norm
        store { path = ${dir}/store, model = m }
        """
            .formatted(CHANNELS)
            .replace("${dir}", ConfigUtil.quoteString(folder.toString()));
    JobSpec spec = JobSpec.parse(ConfigFactory.parseString(job), Command.RUN);
    try (StopSignal stop = StopSignal.listen()) {
      Progress progress = new Progress();
      new Job(spark, spec, progress, stop).run().lines().forEach(System.out::println);
      System.out.println("stages: " + progress.taken());
    }
  }

  /** In mebibytes, of all pools together, each at its own time. */
  private static long peak() {
    long peak = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      peak += pool.getType() == MemoryType.HEAP ? pool.getPeakUsage().getUsed() : 0;
    }

    return peak >> 20;
  }

  private static long most() {
    return Runtime.getRuntime().maxMemory() >> 20;
  }
}
