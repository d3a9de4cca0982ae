package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of Delta Lake and Iceberg: read at one snapshot, replaced in one commit. */
class TestTableFormats extends JobTest {
  private static final String DELTA = "default";
  private static final String ICEBERG = "ice.db";
  private static final String RECORDS =
      "SELECT id, array(CAST(id AS FLOAT), CAST(sin(id) AS FLOAT)) AS x FROM range(%d, %d)";
  private static final String FEATURES =
      """
      features { column = x, shape = [2] }
      norm { type = batch-norm, momentum = 0.1, momentum-convention = new-weight, running-variance = unbiased }
      store { path = ${dir}/store, model = m }
      """;

  @BeforeEach
  void makeNamespace() {
    spark().sql("CREATE NAMESPACE IF NOT EXISTS " + ICEBERG);
    dropTables();
  }

  @AfterEach
  void dropTables() {
    for (String namespace : List.of(DELTA, ICEBERG)) {
      for (var table : spark().sql("SHOW TABLES IN " + namespace).collectAsList()) {
        spark().sql("DROP TABLE %s.%s".formatted(namespace, table.getString(1)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void inputIsReadAtTheSnapshotThatWasPinned(String namespace) {
    create(namespace + ".input", 0, 10);
    Input input = pin("table = " + namespace + ".input");
    spark().sql("INSERT INTO %s.input ".formatted(namespace) + RECORDS.formatted(10, 15));
    spark().sql("DELETE FROM %s.input WHERE id < 5".formatted(namespace));

    assertThat(input.rows().count()).isEqualTo(10);
    input.checkUnchanged();
    assertThat(input.identity().kind()).isEqualTo(InputIdentity.Kind.TABLE);
    assertThat(pin("table = " + namespace + ".input").rows().count()).isEqualTo(10 - 5 + 5);
    assertThat(pin("table = " + namespace + ".input").identity()).isNotEqualTo(input.identity());
  }

  @ParameterizedTest
  @ValueSource(strings = DELTA)
  void inputOfAPathIsPinnedToo(String namespace) {
    String table = namespace + ".input";
    create(table, 0, 10);
    String path =
        spark()
            .sql("DESCRIBE TABLE EXTENDED " + table)
            .where("col_name = 'Location'")
            .head()
            .getString(1);
    Input input = pin("format = %s, path = \"%s\"".formatted(format(table), path));
    spark().sql("INSERT INTO %s ".formatted(table) + RECORDS.formatted(10, 15));

    assertThat(input.rows().count()).isEqualTo(10);
    assertThat(input.identity().location()).startsWith(path + " VERSION AS OF ");
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void stateThatWasNotWrittenToIsTheSameInput(String namespace) {
    create(namespace + ".input", 0, 10);
    InputIdentity before = pin("table = " + namespace + ".input").identity();
    assertThat(pin("table = " + namespace + ".input").identity()).isEqualTo(before);

    spark().sql("DROP TABLE %s.input".formatted(namespace));
    create(namespace + ".input", 0, 10);
    assertThat(pin("table = " + namespace + ".input").identity()).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void statisticsAreThoseOfFilesWithTheSameRecords(String namespace) throws IOException {
    create(namespace + ".input", 0, 100);
    write("in", RECORDS.formatted(0, 100));
    fit("input.path = ${dir}/in\n" + FEATURES.replace("model = m", "model = files"));

    String job = "input.table = %s.input\n".formatted(namespace) + FEATURES;
    fit(job);
    assertThat(payload("m", 1, "stats")).isEqualTo(payload("files", 1, "stats"));
    assertThat(payload("m", 1, "moments")).isEqualTo(payload("files", 1, "moments"));
    assertThat(manifest("m", 1).at("/input/kind").textValue()).isEqualTo("table");
    assertThat(manifest("m", 1).at("/input/location").textValue())
        .matches(namespace + "\\.input VERSION AS OF \\d+");

    assertThat(fit(job).lines().get(0)).contains("this run is already published");
    spark().sql("INSERT INTO %s.input ".formatted(namespace) + RECORDS.formatted(0, 1));
    fit(job);
    assertThat(version("m", 2)).exists();
  }

  private Input pin(String input) {
    String job = "input { %s }\n".formatted(input) + FEATURES.replace("${dir}", folder.toString());
    return Input.pin(spark(), JobSpec.parse(ConfigFactory.parseString(job), Command.FIT).input());
  }

  private void create(String table, int from, int to) {
    spark()
        .sql(
            "CREATE TABLE %s USING %s AS ".formatted(table, format(table))
                + RECORDS.formatted(from, to));
  }

  private static String format(String table) {
    return table.startsWith(ICEBERG) ? "iceberg" : "delta";
  }
}
