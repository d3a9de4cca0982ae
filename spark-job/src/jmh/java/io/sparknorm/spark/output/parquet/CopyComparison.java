package io.sparknorm.spark.output.parquet;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Times read-and-write copies of 300,000 records of 512 floats through Spark's Parquet writer and
 * through {@link BulkParquetFormat}, taking turns so that both meet the same machine, and prints
 * the medians of elapsed time and of processor time (which a busy machine disturbs less), and their
 * ratios. A whole job is timed, so this is a program and not a JMH benchmark:
 *
 * <pre>java @conf/java.options -cp ... CopyComparison FOLDER [rounds]</pre>
 */
public final class CopyComparison {
  private static final int RECORDS = 300_000;
  private static final int ELEMENTS = 512;
  private static final String SPARK = "parquet";
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private CopyComparison() {}

  /** Takes an empty or earlier used folder, and the number of rounds, 5 by default. */
  public static void main(String[] args) {
    String folder = args[0];
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
    SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.parquet.compression.codec", "zstd")
            .config("spark.sql.files.maxPartitionBytes", "1g")
            .getOrCreate();
    spark.sparkContext().setLogLevel("ERROR");
    String input = folder + "/input";
    records(spark).write().mode("ignore").parquet(input);

    Map<String, List<Double>> elapsed = new TreeMap<>();
    Map<String, List<Double>> processor = new TreeMap<>();
    for (int round = 0; round <= rounds; round++) {
      for (String format : List.of(SPARK, BulkParquetFormat.NAME)) {
        long start = System.nanoTime();
        long processorStart = PROCESS.getProcessCpuTime();
        spark.read().parquet(input).write().format(format).mode("overwrite").save(folder + "/copy");
        long processorEnd = PROCESS.getProcessCpuTime();
        long end = System.nanoTime();
        if (round > 0) {
          elapsed.computeIfAbsent(format, name -> new ArrayList<>()).add((end - start) / 1e9);
          processor
              .computeIfAbsent(format, name -> new ArrayList<>())
              .add((processorEnd - processorStart) / 1e9);
        }
      }
    }
    print("elapsed", elapsed);
    print("processor", processor);
    spark.stop();
  }

  private static Dataset<Row> records(SparkSession spark) {
    return spark
        .range(0, RECORDS, 1, 2)
        .selectExpr(
            "id",
            "transform(sequence(1, " + ELEMENTS + "), i -> cast(randn() as float)) AS features");
  }

  private static void print(String what, Map<String, List<Double>> seconds) {
    double standard = median(seconds.get(SPARK));
    double bulk = median(seconds.get(BulkParquetFormat.NAME));
    System.out.printf(
        "%s: %s %.2f s, %s %.2f s, ratio %.2f%n",
        what, SPARK, standard, BulkParquetFormat.NAME, bulk, bulk / standard);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }
}
