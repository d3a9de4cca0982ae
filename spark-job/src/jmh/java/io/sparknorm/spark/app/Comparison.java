package io.sparknorm.spark.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StandardScaler;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Normalises Parquet files from end to end, beside Spark's plain copy of them and MLlib's {@code
 * StandardScaler}: whole jobs, in turn, several rounds over, so that the machine's moods hit all
 * alike. Prints medians as a table, and writes them as JSON beside the data.
 *
 * <p>Arguments: {@code arrays} or {@code scalars}, the number of records (300,000 and 500,000), of
 * rounds (5), and of cores (2). The scalars are 300 columns of doubles.
 */
public final class Comparison {
  private static final int LENGTH = 512;
  private static final int COLUMNS = 300;

  private final SparkSession spark;
  private final boolean scalars;
  private final Path folder;
  private final String input;
  private final Map<String, Path> outputs = new LinkedHashMap<>();

  Comparison(SparkSession spark, boolean scalars, int records, Path parent) {
    this.spark = spark;
    this.scalars = scalars;
    this.folder = parent.resolve((scalars ? "scalars-" : "arrays-") + records);
    this.input = folder.resolve("input").toString();
    if (!Files.exists(folder.resolve("input/_SUCCESS"))) {
      records(records).write().mode("overwrite").parquet(input);
    }
  }

  public static void main(String[] arguments) throws IOException {
    boolean scalars = arguments.length > 0 && arguments[0].equals("scalars");
    int records = argument(arguments, 1, scalars ? 500_000 : 300_000);
    int rounds = argument(arguments, 2, 5);
    int cores = argument(arguments, 3, 2);
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[%d]".formatted(cores))
            .config("spark.ui.enabled", false)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.parquet.compression.codec", "zstd")
            .getOrCreate()) {
      spark.sparkContext().setLogLevel("ERROR");
      Path parent = Path.of("target", "benchmark");
      new Comparison(spark, scalars, records, parent).run(records, rounds, cores);
    }
  }

  private static int argument(String[] arguments, int i, int otherwise) {
    return arguments.length > i ? Integer.parseInt(arguments[i]) : otherwise;
  }

  private void run(int records, int rounds, int cores) throws IOException {
    Map<String, Runnable> works = works();
    Map<String, double[]> seconds = new LinkedHashMap<>();
    for (int round = -1; round < rounds; round++) { // the first one warms up
      for (Map.Entry<String, Runnable> work : works.entrySet()) {
        long start = System.nanoTime();
        work.getValue().run();
        double taken = (System.nanoTime() - start) / 1e9;
        if (round >= 0) {
          seconds.computeIfAbsent(work.getKey(), name -> new double[rounds])[round] = taken;
        }
      }
    }

    String what = scalars ? "columns of doubles" : "floats in an array";
    System.out.printf(
        "%d records of %d %s, %d rounds, %d cores%n%n",
        records, scalars ? COLUMNS : LENGTH, what, rounds, cores);
    double copy = median(seconds.get("plain copy"));
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("records", records).put("rounds", rounds).put("cores", cores);
    System.out.println("| work | median seconds | against the copy | megabytes written |");
    System.out.println("|---|---|---|---|");
    for (Map.Entry<String, double[]> taken : seconds.entrySet()) {
      double median = median(taken.getValue());
      long bytes = size(outputs.get(taken.getKey()));
      System.out.printf(
          "| %s | %.2f | %.2f | %.1f |%n", taken.getKey(), median, median / copy, bytes / 1e6);
      json.putObject(taken.getKey())
          .put("seconds", median)
          .put("ratio", median / copy)
          .put("bytes", bytes);
    }

    new ObjectMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve("comparison.json").toFile(), json);
  }

  /** What is compared, by name; each writes its output anew. */
  Map<String, Runnable> works() {
    Map<String, Runnable> works = new LinkedHashMap<>();
    works.put("plain scan", () -> scan(spark.read().parquet(input)));
    works.put(
        "plain copy",
        () -> spark.read().parquet(input).write().parquet(fresh("plain copy").toString()));
    works.put("MLlib StandardScaler", () -> standardScaler(fresh("MLlib StandardScaler")));
    for (String norm : scalars ? List.of("batch-norm") : List.of("batch-norm", "layer-norm")) {
      for (String writer : List.of("bulk", "spark")) {
        String name = "sparknorm %s, writer %s".formatted(norm, writer);
        works.put(name, () -> job(norm, writer, fresh(name)));
      }
    }

    return works;
  }

  /** Where a work writes, once it is done. */
  Path output(String work) {
    return outputs.get(work);
  }

  private static void scan(Dataset<Row> rows) {
    rows.write().format("noop").mode("overwrite").save();
  }

  private void job(String norm, String writer, Path output) {
    String features =
        scalars ? "columns = [%s]".formatted(String.join(", ", columns())) : "column = features";
    String job =
        """
        input.path = %s
        output { path = %s, writer = %s }
        features { %s, shape = [%d] }
        norm { type = %s }
        store { path = %s, model = compared }
        """
            .formatted(
                ConfigUtil.quoteString(input),
                ConfigUtil.quoteString(output.toString()),
                writer,
                features,
                scalars ? COLUMNS : LENGTH,
                // What StandardScaler computes.
                norm.equals("batch-norm") ? norm + ", variance = unbiased, epsilon = 0" : norm,
                ConfigUtil.quoteString(output + "-store"));
    try {
      new Job(spark, JobSpec.parse(ConfigFactory.parseString(job), Command.RUN)).run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void standardScaler(Path output) {
    Dataset<Row> rows = spark.read().parquet(input);
    List<PipelineStage> stages = new ArrayList<>();
    if (scalars) {
      stages.add(
          new VectorAssembler()
              .setInputCols(columns().toArray(String[]::new))
              .setOutputCol("vector"));
    } else {
      rows = rows.withColumn("vector", functions.array_to_vector(rows.col("features")));
    }

    stages.add(
        new StandardScaler()
            .setInputCol("vector")
            .setOutputCol("scaled")
            .setWithMean(true)
            .setWithStd(true));
    Pipeline pipeline = new Pipeline().setStages(stages.toArray(PipelineStage[]::new));
    Dataset<Row> scaled = pipeline.fit(rows).transform(rows);
    Column array = functions.vector_to_array(scaled.col("scaled"), scalars ? "float64" : "float32");
    Dataset<Row> arrays = scaled.select(scaled.col("id"), array.as("features"));
    Column[] result =
        scalars
            ? Stream.concat(
                    Stream.of(arrays.col("id")),
                    IntStream.range(0, COLUMNS)
                        .mapToObj(i -> arrays.col("features").getItem(i).as(columns().get(i))))
                .toArray(Column[]::new)
            : new Column[] {arrays.col("id"), arrays.col("features")};
    arrays.select(result).write().parquet(output.toString());
  }

  private static List<String> columns() {
    return IntStream.range(0, COLUMNS).mapToObj(i -> "c" + i).toList();
  }

  private Dataset<Row> records(int records) {
    String[] expressions =
        scalars
            ? Stream.concat(
                    Stream.of("id"),
                    IntStream.range(0, COLUMNS)
                        .mapToObj(i -> "%d + randn(%d) AS c%d".formatted(i, i, i)))
                .toArray(String[]::new)
            : new String[] {
              "id",
              "transform(sequence(1, %d), i -> cast(randn(7) as float)) AS features"
                  .formatted(LENGTH)
            };
    return spark.range(0, records, 1, 8).selectExpr(expressions);
  }

  /** A folder for a work's output, which is not there yet; neither is that of its last round. */
  private Path fresh(String work) {
    Path output = folder.resolve(work.replaceAll("\\W+", "-"));
    delete(output);
    delete(Path.of(output + "-store"));
    outputs.put(work, output);
    return output;
  }

  private static void delete(Path path) {
    try (Stream<Path> files = Files.exists(path) ? Files.walk(path) : Stream.empty()) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path output) throws IOException {
    if (output == null) {
      return 0;
    }

    long size = 0;
    try (Stream<Path> files = Files.list(output)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
        size += Files.size(file);
      }
    }

    return size;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
