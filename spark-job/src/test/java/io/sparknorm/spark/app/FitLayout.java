package io.sparknorm.spark.app;

import static org.apache.spark.sql.functions.rand;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * One of the ways in which the same records can be laid out for a fit.
 *
 * @param partitions so many tasks
 * @param shuffled in another order, and other records together
 * @param adaptive whether Spark plans as it goes
 * @param element what the same floats are stored as
 */
record FitLayout(int partitions, boolean shuffled, boolean adaptive, String element) {
  static final String ADAPTIVE = "spark.sql.adaptive.enabled";

  private static final int RECORDS = 2000;

  /** Columns that cost sums of doubles their digits. */
  private static final String HARD =
      "array(1764000000 + id, 1e4 + (id % 3 - 1) * 1e-3, 14.62, pow(-1, id) * 1e30 / (id + 1),"
          + " sin(id))";

  /** All layouts with these numbers of partitions. */
  static List<FitLayout> all(int... partitions) {
    List<FitLayout> layouts = new ArrayList<>();
    for (int number : partitions) {
      for (boolean shuffled : new boolean[] {false, true}) {
        layouts.add(new FitLayout(number, shuffled, !shuffled, "float"));
        layouts.add(new FitLayout(number, shuffled, shuffled, "double"));
      }
    }

    return layouts;
  }

  /** Fits the records in each of the layouts and prints what it gave, in a session of its own. */
  public static void main(String[] arguments) throws IOException {
    boolean failing = Boolean.parseBoolean(arguments[1]);
    int[] failed = new int[1];
    try (SparkSession spark = SparkSession.builder().master(arguments[0]).getOrCreate()) {
      spark
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onTaskEnd(SparkListenerTaskEnd task) {
                  failed[0] += task.taskInfo().successful() ? 0 : 1;
                }
              });
      for (FitLayout layout : all(1, 7, 64, 1000)) {
        Path folder = Files.createTempDirectory(Path.of(arguments[2]), "layout");
        System.out.println(layout.row(arguments[0], layout.fit(spark, folder, failing)));
      }
    }

    System.out.printf("%d tasks failed%n", failed[0]); // complete once the session is stopped
  }

  /** A row of the table that the matrix is. */
  private String row(String master, String digests) {
    return "| %s | %d | %s | %s | %s | %s |"
        .formatted(
            master,
            partitions,
            shuffled ? "shuffled" : "in order",
            adaptive ? "on" : "off",
            element,
            digests.replace(" ", " | "));
  }

  /**
   * Fits the records.
   *
   * @param failing whether tasks fail at their first attempt, some records in
   * @return the SHA-256 of the state and of the statistics
   */
  String fit(SparkSession spark, Path folder, boolean failing) throws IOException {
    spark.conf().set(ADAPTIVE, adaptive);
    spark.udf().register("survives", survives(failing));
    Dataset<Row> rows =
        spark
            .range(0, RECORDS, 1, partitions)
            .selectExpr(
                "id", "CAST(CAST(%s AS array<float>) AS array<%s>) AS x".formatted(HARD, element));
    Dataset<Row> laidOut = shuffled ? rows.repartition(partitions, rand(partitions)) : rows;
    laidOut.createOrReplaceTempView("records");
    String job =
        """
        input { table = records, where = "survives(id)" }
        features { column = x, shape = [5] }
        norm { type = batch-norm, momentum = 0.1, momentum-convention = new-weight, running-variance = unbiased }
        store { path = %s, model = m }
        """
            .formatted(ConfigUtil.quoteString(folder.toString()));
    JobSpec spec = JobSpec.parse(ConfigFactory.parseString(job), Command.FIT);
    try (StopSignal stop = StopSignal.listen()) {
      new Job(spark, spec, new Progress(), stop).run();
    }
    JsonNode payload =
        new ObjectMapper().readTree(folder.resolve("m/v=1/manifest.json").toFile()).get("payload");
    return payload.at("/moments/sha256").textValue()
        + " "
        + payload.at("/stats/sha256").textValue();
  }

  /** Nondeterministic, so that it stays in the tasks of the fit. */
  private static UserDefinedFunction survives(boolean failing) {
    UDF1<Long, Boolean> survives =
        id -> {
          if (failing && TaskContext.get().attemptNumber() == 0 && id % 97 == 96) {
            throw new IllegalStateException("fails once");
          }

          return true;
        };
    return functions.udf(survives, DataTypes.BooleanType).asNondeterministic();
  }
}
