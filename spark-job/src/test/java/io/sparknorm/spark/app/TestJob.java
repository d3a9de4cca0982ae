package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestJob extends SparkTest {
  private static final Path DEMO = Path.of("../conf/demo/data");

  @TempDir Path folder;

  @Test
  void normalisesScalarColumnsAsScikitLearnDoes() throws IOException {
    JsonNode reference;
    try (InputStream in = getClass().getResourceAsStream("/breast_cancer.standard_scaler.json")) {
      reference = new ObjectMapper().readTree(in);
    }

    List<String> columns = texts(reference.get("columns"));
    Summary summary =
        run(
            Command.RUN,
            """
            input { format = csv, path = "%s/breast_cancer.csv", options { header = true, inferSchema = true } }
            output { path = "%s/out" }
            features { columns = %s }
            norm { type = batch-norm, epsilon = 0 }
            store { path = "%s/store", model = breast_cancer }
            """
                .formatted(DEMO, folder, columns, folder));
    assertThat(summary.lines()).anyMatch(line -> line.contains("569 read"));

    JsonNode statistics = statistics("breast_cancer", 1);
    for (int c = 0; c < columns.size(); c++) {
      assertThat(statistics.get("count").get(c).longValue()).isEqualTo(569);
      assertClose(statistics.get("mean").get(c), reference.get("mean").get(c));
      assertClose(statistics.get("variance").get(c), reference.get("variance").get(c));
    }
  }

  @Test
  void publishesTheDigitsOnce() throws IOException {
    String job =
        """
        input { format = json, path = "%s/digits.jsonl.gz" }
        output { path = "%s/out" }
        features { column = features, shape = [64] }
        norm { type = batch-norm }
        store { path = "%s/store", model = digits }
        """
            .formatted(DEMO, folder, folder);
    run(Command.RUN, job);
    Dataset<Row> output = spark().read().parquet(folder.resolve("out").toString());
    assertThat(output.count()).isEqualTo(1797);
    Summary second = run(Command.RUN, job);
    assertThat(second.lines().get(0)).contains("already published");
  }

  private Summary run(Command command, String job) throws IOException {
    return new Job(spark(), JobSpec.parse(ConfigFactory.parseString(job), command)).run();
  }

  private JsonNode statistics(String model, int version) throws IOException {
    Path directory = folder.resolve("store/%s/v=%d".formatted(model, version));
    try (Stream<Path> files = Files.list(directory)) {
      Path stats =
          files
              .filter(file -> file.getFileName().toString().matches("stats-.*\\.json"))
              .findFirst()
              .orElseThrow();
      return new ObjectMapper().readTree(stats.toFile());
    }
  }

  private static void assertClose(JsonNode actual, JsonNode expected) {
    double want = expected.doubleValue();
    assertThat(actual.doubleValue()).isCloseTo(want, within(1e-12 * Math.abs(want) + 1e-14));
  }

  private static List<String> texts(JsonNode array) {
    return Stream.iterate(0, i -> i < array.size(), i -> i + 1)
        .map(i -> array.get(i).textValue())
        .toList();
  }
}
