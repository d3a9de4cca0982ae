package io.sparknorm.spark.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.VersionArithmetic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Thirty days and the next one: merged, subtracted and rolled, each beside one fit on the same
 * records, with what was read and the digests of the files. Prints a table.
 *
 * <p>Argument: the number of records of a day (2,000), of 64 floats each.
 */
public final class RollingWindow {
  private static final int DAYS = 30;

  private final SparkSession spark;
  private final Path folder;
  private final ModelStore store;

  private RollingWindow(SparkSession spark, Path folder) throws IOException {
    this.spark = spark;
    this.folder = folder;
    this.store =
        new ModelStore(
            folder.resolve("store").toString(), spark.sparkContext().hadoopConfiguration());
  }

  public static void main(String[] arguments) throws IOException {
    int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 2_000;
    Path parent = Files.createDirectories(Path.of("target", "benchmark"));
    try (SparkSession spark = Comparison.session(2)) {
      new RollingWindow(spark, Files.createTempDirectory(parent, "window")).run(records);
    }
  }

  private void run(int records) throws IOException {
    for (int day = 1; day <= DAYS; day++) {
      write(day, records);
    }

    System.out.printf("%d records of 64 floats a day%n%n", records);
    System.out.println("| version | records read | bytes read | moments | statistics |");
    System.out.println("|---|---|---|---|---|");
    List<ModelId> daily = new ArrayList<>();
    TaskFigures figures =
        TaskFigures.of(
            spark,
            () -> {
              for (int day = 1; day <= DAYS; day++) {
                fit("daily", "where = \"day = %d\"".formatted(day));
                daily.add(new ModelId("daily", day));
              }
            });
    print("30 fits, of a day each (the last)", figures, "daily", DAYS);
    print("one fit on days 1 to 30", fit("month", "where = \"day <= 30\""), "month", 1);
    VersionArithmetic arithmetic = new VersionArithmetic(store);
    print(
        "the 30 versions merged",
        TaskFigures.of(spark, () -> arithmetic.merge("merged", daily)),
        "merged",
        1);
    print("one fit on days 2 to 30", fit("rest", "where = \"day >= 2\""), "rest", 1);
    ModelId merged = new ModelId("merged", 1);
    print(
        "the merged one without day 1",
        TaskFigures.of(spark, () -> arithmetic.subtract("subtracted", merged, daily.subList(0, 1))),
        "subtracted",
        1);
    String rolling = "partition-by = day, window = 30 partitions";
    print("window of 30 days, first time", fit("rolling", rolling), "rolling", 1);
    write(DAYS + 1, records);
    print("window of 30 days, a day later", fit("rolling", rolling), "rolling", 2);
    print("one fit on days 2 to 31", fit("later", "where = \"day >= 2\""), "later", 1);
  }

  private void write(int day, int records) {
    spark
        .range((long) day * records, (day + 1L) * records, 1, 2)
        .selectExpr(
            "transform(sequence(1, 64), i -> CAST(randn(%d) * pow(10, i %% 9) AS float)) AS x"
                .formatted(day))
        .write()
        .parquet(folder.resolve("in/day=" + day).toString());
  }

  private TaskFigures fit(String model, String input) throws IOException {
    String job =
        """
        input { path = %s, %s }
        features { column = x, shape = [64] }
        norm.type = batch-norm
        store { path = %s, model = %s }
        """
            .formatted(quoted("in"), input, quoted("store"), model);
    return TaskFigures.of(
        spark,
        () -> Works.carryOut(spark, JobSpec.parse(ConfigFactory.parseString(job), Command.FIT)));
  }

  private String quoted(String name) {
    return ConfigUtil.quoteString(folder.resolve(name).toString());
  }

  private void print(String what, TaskFigures figures, String model, int version)
      throws IOException {
    Path manifest = folder.resolve("store/%s/v=%d/manifest.json".formatted(model, version));
    JsonNode payload = new ObjectMapper().readTree(manifest.toFile()).get("payload");
    System.out.printf(
        "| %s | %d | %d | `%s` | `%s` |%n",
        what,
        figures.records(),
        figures.bytes(),
        payload.at("/moments/sha256").textValue(),
        payload.at("/stats/sha256").textValue());
  }
}
