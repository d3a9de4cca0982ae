package io.sparknorm.spark.app;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
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
 *   <li>{@code cores}: the same in processes that Linux holds to one core or to two, which take
 *       turns; {@code held} is what each of them runs
 * </ul>
 */
public final class Comparison {
  private static final Path PARENT = Path.of("target", "benchmark");
  private static final int CORES = 2;
  private static final int TURNS = 2;

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
      Map<String, Runnable> timed = works.all();
      timed
          .keySet()
          .retainAll(timed.keySet().stream().filter(Pattern.compile(part).asPredicate()).toList());
      String base = timed.containsKey(Works.COPY) ? Works.COPY : first(timed);
      return Timings.of(timed, works::bytesWritten, rounds, base);
    }
  }

  private static Timings twiceTheData(int records, int rounds) throws IOException {
    try (SparkSession spark = session(CORES)) {
      Map<String, Runnable> timed = new LinkedHashMap<>();
      Map<String, Works> from = new LinkedHashMap<>();
      for (int times = 1; times <= 2; times++) {
        ComparedData data = ComparedData.make(spark, false, times * records, PARENT);
        Works works = new Works(spark, data, CORES);
        for (String norm : Works.NORMS) {
          String name = "%s, %d records".formatted(norm, times * records);
          timed.put(name, () -> works.job(norm, name));
          from.put(name, works);
        }
      }

      return Timings.of(timed, work -> from.get(work).bytesWritten(work), rounds, first(timed));
    }
  }

  /** Two processes in turn, each held to as many cores as it may use, with all that it does. */
  private static Timings oneCoreOrTwo(int records, int rounds) throws IOException {
    Timings.Recorder recorder = new Timings.Recorder();
    for (int turn = 0; turn < TURNS; turn++) {
      for (int cores = 1; cores <= CORES; cores++) {
        List<String> command = new ArrayList<>();
        command.addAll(List.of("taskset", "--cpu-list", "0-" + (cores - 1), "java"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
        command.addAll(List.of(Comparison.class.getName(), "held", "" + records, "" + rounds));
        carryOut(new ProcessBuilder(command).inheritIO());
        recorder.addTold(json("held"));
      }
    }

    return recorder.timings(work -> 0, nameWithCores(Works.NORMS.get(0), 1));
  }

  private static void carryOut(ProcessBuilder command) throws IOException {
    int status;
    try {
      status = command.start().waitFor();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
    if (status != 0) {
      throw new IOException("Cannot compare: a process has left with status " + status);
    }
  }

  /** What a process does that is held to some of the cores. */
  private static Timings onTheseCores(int records, int rounds) throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    try (SparkSession spark = session(cores)) {
      Works works = new Works(spark, ComparedData.make(spark, false, records, PARENT), cores);
      Map<String, Runnable> timed = new LinkedHashMap<>();
      for (String norm : Works.NORMS) {
        String name = nameWithCores(norm, cores);
        timed.put(name, () -> works.job(norm, name));
      }

      return Timings.of(timed, works::bytesWritten, rounds, first(timed));
    }
  }

  private static String nameWithCores(String norm, int cores) {
    return "%s, %s".formatted(norm, cores == 1 ? "one core" : "two cores");
  }

  private static String first(Map<String, Runnable> timed) {
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
