package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** The demo datasets through the whole job. */
class TestJob extends JobTest {
  private static final Path DEMO = Path.of("../conf/demo/data");

  @Test
  void normalisesScalarColumnsAsScikitLearnDoes() throws IOException {
    JsonNode reference;
    try (InputStream in = getClass().getResourceAsStream("/breast_cancer.standard_scaler.json")) {
      reference = new ObjectMapper().readTree(in);
    }

    List<String> columns = texts(reference.get("columns"));
    Summary summary =
        run(
            """
            input { path = "%s/breast_cancer.csv", format = csv, options { header = true, inferSchema = true } }
            output.path = ${dir}/out
            features.columns = %s
            norm { type = batch-norm, epsilon = 0 }
            store { path = ${dir}/store, model = breast_cancer }
            """
                .formatted(DEMO, columns));
    assertThat(summary.lines()).anyMatch(line -> line.contains("569 read, 0 dropped, 569 written"));

    JsonNode statistics = statistics("breast_cancer", 1);
    for (int c = 0; c < columns.size(); c++) {
      assertThat(statistics.get("count").get(c).longValue()).isEqualTo(569);
      assertClose(statistics.get("mean").get(c).doubleValue(), reference.get("mean").get(c));
      assertClose(
          statistics.get("variance").get(c).doubleValue(), reference.get("variance").get(c));
    }

    List<Row> output = output().coalesce(1).orderBy("id").collectAsList();
    JsonNode firstRows = reference.get("transformed_first_rows");
    for (int i = 0; i < firstRows.size(); i++) {
      assertRow(output.get(i), columns, firstRows.get(i));
    }

    assertRow(output.get(568), columns, reference.get("transformed_last_row"));
  }

  @Test
  void publishesTheDigitsOnce() throws IOException {
    String job =
        """
        input { format = json, path = "%s/digits.jsonl.gz" }
        output.path = ${dir}/out
        features { column = features, shape = [64] }
        norm { type = batch-norm }
        store { path = ${dir}/store, model = digits }
        """
            .formatted(DEMO);

    run(job);

    assertThat(output().count()).isEqualTo(1797);
    assertThat(run(job).lines().get(0)).contains("already published");
  }

  private static void assertRow(Row row, List<String> columns, JsonNode expected) {
    for (int c = 0; c < columns.size(); c++) {
      assertClose(row.<Double>getAs(columns.get(c)), expected.get(c));
    }
  }

  private static void assertClose(double actual, JsonNode expected) {
    double want = expected.doubleValue();
    assertThat(actual).isCloseTo(want, within(1e-12 * Math.abs(want) + 1e-14));
  }

  private static List<String> texts(JsonNode array) {
    return Stream.iterate(0, i -> i < array.size(), i -> i + 1)
        .map(i -> array.get(i).textValue())
        .toList();
  }
}
