package io.sparknorm.spark.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;

/**
 * Normalises Parquet files from end to end, beside all that one could use instead: whole jobs, in
 * turn, several rounds over, so that the machine's moods hit all alike. Prints medians as a table,
 * and writes them as JSON to {@code target/benchmark}.
 *
 * <p>Arguments: what to compare, the number of records and of rounds (5), and, for arrays and
 * scalars, an expression that the names of the works to run have in them, such as {@code
 * copy|batch-norm} (all).
 *
 * <ul>
 *   <li>{@code arrays}: all works on arrays of 512 floats (300,000 records)
 *   <li>{@code scalars}: all works on 300 columns of doubles (500,000 records)
 *   <li>{@code double}: BatchNorm and LayerNorm of arrays, and of twice as many
 *   <li>{@code cores}: BatchNorm and LayerNorm of arrays in a process that Linux holds to one core
 *       and in one that has two, which take turns; {@code held} is what each of them runs
 * </ul>
 */
public final class Comparison {
  static final Path PARENT = Path.of("target", "benchmark");
  private static final int CORES = 2;
  private static final int STARTS = 2;

  private Comparison() {}

  public static void main(String[] arguments) throws IOException {
    String what = arguments.length > 0 ? arguments[0] : "arrays";
    boolean scalars = what.equals("scalars");
    int records = argument(arguments, 1, scalars ? 500_000 : 300_000);
    int rounds = argument(arguments, 2, 5);
    Timings timings =
        switch (what) {
          case "arrays", "scalars" ->
              all(scalars, records, rounds, arguments.length > 3 ? arguments[3] : "");
          case "double" -> twiceTheData(records, rounds);
          case "cores" -> oneCoreOrTwo(records, rounds);
          case "held" -> onTheseCores(records, rounds);
          default ->
              throw new IllegalArgumentException(
                  "Invalid comparison: %s (arrays, scalars, double or cores)".formatted(what));
        };
    System.out.printf(
        "%d records of %s, %d rounds%n%n%s",
        records, scalars ? "300 doubles" : "512 floats", rounds, timings.table());
    Files.writeString(json(what), timings.json());
  }

  private static Path json(String what) {
    return PARENT.resolve("comparison-" + what + ".json");
  }

  private static int argument(String[] arguments, int i, int otherwise) {
    return arguments.length > i ? Integer.parseInt(arguments[i]) : otherwise;
  }

  private static Timings all(boolean scalars, int records, int rounds, String part)
      throws IOException {
    try (SparkSession spark = session(CORES)) {
      Works works = new Works(spark, ComparedData.make(spark, scalars, records, PARENT), CORES);
      Map<String, Work> timed = works.all();
      timed
          .keySet()
          .retainAll(timed.keySet().stream().filter(Pattern.compile(part).asPredicate()).toList());
      String base = timed.containsKey(Works.COPY) ? Works.COPY : first(timed);
      return Timings.of(timed, rounds, base);
    }
  }

  /** BatchNorm and LayerNorm of each number of records, which are named in the table. */
  private static Timings jobs(
      int cores, Map<String, Integer> recordsByName, int rounds, Runnable before)
      throws IOException {
    try (SparkSession spark = session(cores)) {
      Map<String, Work> timed = new LinkedHashMap<>();
      for (Map.Entry<String, Integer> records : recordsByName.entrySet()) {
        ComparedData data = ComparedData.make(spark, false, records.getValue(), PARENT);
        Works works = new Works(spark, data, cores);
        for (String norm : Works.NORMS) {
          String name = "%s, %s".formatted(norm, records.getKey());
          timed.put(name, works.job(norm, name).after(before));
        }
      }

      return Timings.of(timed, rounds, first(timed));
    }
  }

  private static Timings twiceTheData(int records, int rounds) throws IOException {
    Map<String, Integer> recordsByName = new LinkedHashMap<>();
    recordsByName.put(records + " records", records);
    recordsByName.put(2 * records + " records", 2 * records);
    return jobs(CORES, recordsByName, rounds, () -> {});
  }

  /** Two processes that take turns, each held to as many cores as it may use in all it does. */
  private static Timings oneCoreOrTwo(int records, int rounds) throws IOException {
    Timings.Recorder recorder = new Timings.Recorder();
    for (int start = 0; start < STARTS; start++) {
      List<HeldProcess> processes = new ArrayList<>();
      for (int cores = 1; cores <= CORES; cores++) {
        processes.add(HeldProcess.start(cores, "held", "" + records, "" + rounds));
      }
      while (!processes.isEmpty()) {
        for (HeldProcess process : List.copyOf(processes)) {
          if (!process.takeTurn()) {
            recorder.addTold(json("held"));
            processes.remove(process);
          }
        }
      }
    }

    return recorder.timings(work -> 0, "%s, %s".formatted(Works.NORMS.get(0), name(1)));
  }

  /** What a process does that is held to some of the cores. */
  private static Timings onTheseCores(int records, int rounds) throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    return jobs(cores, Map.of(name(cores), records), rounds, HeldProcess::awaitTurn);
  }

  private static String name(int cores) {
    return cores == 1 ? "one core" : "two cores";
  }

  private static String first(Map<String, Work> timed) {
    return List.copyOf(timed.keySet()).get(0);
  }

  static SparkSession session(int cores) {
    SparkSession spark =
        SparkSession.builder()
            .master("local[%d]".formatted(cores))
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.parquet.compression.codec", "zstd")
            .getOrCreate();
    spark.sparkContext().setLogLevel("ERROR");
    return spark;
  }
}
