package io.sparknorm.spark.app;

import static java.util.Locale.ROOT;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * How many bytes a channel takes in a version's moments file, and how many each task of a fit sends
 * for it. Prints a table.
 */
public final class StateSizes {
  private static final int CHANNELS = 512;
  private static final int TASKS = 8;
  private static final int RECORDS = 20_000;

  private StateSizes() {}

  /** SQL expressions of elements by what they stand for. */
  private static Map<String, String> elements() {
    Map<String, String> elements = new LinkedHashMap<>();
    elements.put("N(0,1), floats", "CAST(randn(7) AS float)");
    elements.put("N(0,1), doubles", "randn(7)");
    elements.put("an embedding of unit length, floats", "CAST(randn(7) / sqrt(512) AS float)");
    elements.put("pixels, 0 to 255", "CAST(rand(7) * 256 AS int)");
    elements.put("prices, 0.01 to 10,000, doubles", "round(pow(10, rand(7) * 6 - 2), 2)");
    elements.put("Unix seconds, doubles", "CAST(1764000000 + id * i AS double)");
    elements.put("constant 14.62, doubles", "14.62D");
    elements.put("1e30 * N(0,1), floats", "CAST(1e30 * randn(7) AS float)");
    elements.put("from 1e-15 to 1e15, doubles", "sin(id * 7 + i) * pow(10D, (id + i) % 31 - 15)");
    elements.put(
        "one in a hundred not 0, floats", "IF(rand(7) < 0.01, CAST(randn(8) AS float), 0)");
    return elements;
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of("target", "benchmark"));
    try (SparkSession spark = Comparison.session(2)) {
      System.out.printf("%d records of %d channels, %d tasks%n%n", RECORDS, CHANNELS, TASKS);
      System.out.println("| channels | bytes a channel, saved | sent by a task |");
      System.out.println("|---|---|---|");
      for (Map.Entry<String, String> element : elements().entrySet()) {
        Path store = Files.createTempDirectory(folder, "states");
        spark
            .range(0, RECORDS, 1, TASKS)
            .selectExpr(
                "transform(sequence(1, %d), i -> %s) AS x".formatted(CHANNELS, element.getValue()))
            .createOrReplaceTempView("records");
        String job =
            """
            input.table = records
            features { column = x, shape = [%d] }
            norm.type = batch-norm
            store { path = %s, model = m }
            """
                .formatted(CHANNELS, ConfigUtil.quoteString(store.toString()));
        TaskFigures figures =
            TaskFigures.of(
                spark,
                () ->
                    Works.carryOut(
                        spark, JobSpec.parse(ConfigFactory.parseString(job), Command.FIT)));
        JsonNode manifest =
            new ObjectMapper().readTree(store.resolve("m/v=1/manifest.json").toFile());
        System.out.printf(
            ROOT,
            "| %s | %.1f | %.1f |%n",
            element.getKey(),
            manifest.at("/payload/moments/length").doubleValue() / CHANNELS,
            (double) figures.sent() / CHANNELS / TASKS);
      }
    }
  }
}
