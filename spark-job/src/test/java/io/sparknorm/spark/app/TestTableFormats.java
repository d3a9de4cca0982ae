package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.typesafe.config.ConfigFactory;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.sql.Row;
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
    String path = location(table);
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

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void tableIsReplacedInOneCommit(String namespace) throws IOException {
    String output = namespace + ".output";
    String job =
        "output { table = %s, format = %s, if-exists = replace }\n"
                .formatted(output, format(output))
            + FEATURES;
    create(namespace + ".input", 0, 10);
    run("input.table = %s.input\n".formatted(namespace) + job);
    assertThat(spark().table(output).count()).isEqualTo(10);

    InputIdentity first = pin("table = " + output).identity();
    Input reader = pin("table = " + output);
    write("in", RECORDS.formatted(0, 20));
    String second = "input.path = ${dir}/in\n" + job;
    run(second);
    assertThat(reader.rows().count()).isEqualTo(10);
    assertThat(spark().table(output).count()).isEqualTo(20);
    assertThat(commits(output)).isEqualTo(2);
    assertThat(pin("table = " + output).identity()).isNotEqualTo(first);
    assertThat(spark().sql("SHOW TABLES IN " + namespace).select("tableName").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactlyInAnyOrder("input", "output");

    assertThat(run(second).lines().get(0)).contains("this run is already published");
    assertThat(commits(output)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void partitionsOfTheRunAreReplacedInOneCommit(String namespace) throws IOException {
    String output = namespace + ".output";
    String job =
        "output { table = %s, format = %s, if-exists = replace-partitions, partition-by = [day] }\n"
                .formatted(output, format(output))
            + FEATURES;
    write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
    run("input.path = ${dir}/in\n" + job);

    Input reader = pin("table = " + output);
    long commits = commits(output);
    write("new", "SELECT *, 1L AS day FROM (%s)".formatted(RECORDS.formatted(100, 104)));
    String second = "input.path = ${dir}/new\n" + job;
    run(second);
    assertThat(reader.rows().count()).isEqualTo(9);
    assertThat(commits(output)).isEqualTo(commits + 1);
    String days = "SELECT day, count(*), max(id) FROM %s GROUP BY day ORDER BY day";
    assertThat(spark().sql(days.formatted(output)).collectAsList())
        .extracting(Row::toString)
        .containsExactly("[0,3,6]", "[1,4,103]", "[2,3,8]");

    assertThat(run(second).lines().get(0)).contains("this run is already published");
    assertThat(commits(output)).isEqualTo(commits + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void optionsOfTheOutputAndSettingsOfTheSessionHold(String namespace) throws IOException {
    String output = namespace + ".output";
    String job =
        """
        input.path = ${dir}/in
        output { table = %s, format = %s, if-exists = replace, partition-by = [DAY] }
        output.options { compression = gzip, write-format = orc }
        features { column = X, shape = [1] }
        norm.type = batch-norm
        """
            .formatted(output, format(output));
    write("in", "SELECT id AS Id, array(float(id)) AS X, id % 3 AS Day FROM range(9)");
    write("new", "SELECT id AS Id, array(float(id)) AS X, 1L AS Day FROM range(4)");
    spark().conf().set("spark.sql.sources.partitionOverwriteMode", "dynamic");
    spark().conf().set("spark.sql.storeAssignmentPolicy", "STRICT");
    try {
      run(job);
      run(job + "input.path = ${dir}/new\n"); // the whole table is replaced all the same
    } finally {
      spark().conf().unset("spark.sql.sources.partitionOverwriteMode");
      spark().conf().unset("spark.sql.storeAssignmentPolicy");
    }

    assertThat(spark().table(output).count()).isEqualTo(4);
    assertThat(spark().table(output).columns()).containsExactly("Id", "X", "Day");
    assertThat(
            spark()
                .table(output)
                .select(namespace.equals(DELTA) ? "_metadata.file_path" : "_file")
                .distinct()
                .collectAsList())
        .allMatch(
            file -> file.getString(0).endsWith(namespace.equals(DELTA) ? ".gz.parquet" : ".orc"));
  }

  /** What a run that failed has put into the table is not known: no run's identity may stand. */
  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void tableBearsNoIdentityWhilePartitionsAreReplaced(String namespace) throws IOException {
    String output = namespace + ".output";
    String job =
        "output { table = %s, if-exists = replace-partitions, partition-by = [day] }\n"
                .formatted(output)
            + FEATURES;
    write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
    String first = "input.path = ${dir}/in\n" + job;
    run(first + "output.format = " + format(output));
    String broken = namespace.equals(DELTA) ? "delta.appendOnly" : "write.format.default";
    spark().sql("ALTER TABLE %s SET TBLPROPERTIES ('%s' = 'true')".formatted(output, broken));
    write("new", "SELECT *, 1L AS day FROM (%s)".formatted(RECORDS.formatted(100, 104)));
    assertThat(catchThrowable(() -> run("input.path = ${dir}/new\n" + job))).isNotNull();
    spark().sql("ALTER TABLE %s UNSET TBLPROPERTIES ('%s')".formatted(output, broken));

    long commits = commits(output);
    run(first);
    assertThat(commits(output)).isEqualTo(commits + 1);
    assertThat(run(first).lines().get(0)).contains("this run is already published");
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void rivalsLeaveOneWholeResult(String namespace) throws Exception {
    String output = namespace + ".output";
    String job =
        "output { table = %s, format = %s, if-exists = replace }\n"
                .formatted(output, format(output))
            + FEATURES.replaceAll("momentum.*biased", "epsilon = 0");
    write("in", RECORDS.formatted(0, 10));
    run("input.path = ${dir}/in\n" + job);
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      List<Future<Summary>> rivals = new ArrayList<>();
      for (int i = 1; i <= 2; i++) {
        write("in" + i, RECORDS.formatted(0, 10 + i));
        String rival = "input.path = ${dir}/in%d\n".formatted(i) + job;
        rivals.add(pool.submit(() -> run(rival)));
      }

      List<Long> published = new ArrayList<>();
      for (int i = 1; i <= 2; i++) {
        try {
          rivals.get(i - 1).get();
          published.add(10L + i);
        } catch (ExecutionException e) {
          assertThat(Failures.inTermsOfTheJob(e).map(JobException::status))
              .as(e.toString())
              .contains(LeavingStatus.CONFLICT);
        }
      }

      assertThat(published).contains(spark().table(output).count());
    } finally {
      pool.shutdownNow();
    }
  }

  /** How often the table's content was committed; one commit leaves nothing between two states. */
  private long commits(String table) {
    return table.startsWith(ICEBERG)
        ? spark().sql("SELECT * FROM %s.snapshots".formatted(table)).count()
        : spark()
            .sql("DESCRIBE HISTORY " + table)
            .where("operation NOT LIKE '%PROPERTIES%'")
            .count();
  }

  private Input pin(String input) {
    String job = "input { %s }\n".formatted(input) + FEATURES.replace("${dir}", folder.toString());
    return Input.pin(spark(), JobSpec.parse(ConfigFactory.parseString(job), Command.FIT).input());
  }

  /** Delta makes no table where a run that was killed meanwhile has left files. */
  @ParameterizedTest
  @ValueSource(strings = DELTA)
  void newTableHasNoFilesBeforeItIsThere(String namespace) throws IOException {
    create(namespace + ".input", 0, 10);
    String location = location(namespace + ".input").replaceFirst("input$", "output");
    Path folder = Path.of(new org.apache.hadoop.fs.Path(location).toUri().getPath());
    AtomicInteger jobs = new AtomicInteger();
    AtomicBoolean hasFiles = new AtomicBoolean();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobEnd(SparkListenerJobEnd end) {
            jobs.incrementAndGet();
            hasFiles.compareAndSet(
                false,
                Files.exists(folder) && !spark().catalog().tableExists(namespace + ".output"));
          }
        };
    spark().sparkContext().addSparkListener(listener);
    try {
      run(
          FEATURES
              + "input.table = %1$s.input\noutput.table = %1$s.output\n".formatted(namespace)
              + "output.format = delta\n");
    } finally {
      spark().sparkContext().removeSparkListener(listener);
    }

    assertThat(jobs).hasPositiveValue();
    assertThat(hasFiles).isFalse();
    assertThat(spark().table(namespace + ".output").count()).isEqualTo(10);
    assertThat(location(namespace + ".output")).isEqualTo(location);
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void outputMayNotBeTheInput(String namespace) throws IOException {
    create(namespace + ".input", 0, 10);
    String job = FEATURES + "output.if-exists = replace\n";
    List<String> outputs = new ArrayList<>(List.of("output.table = %s.input".formatted(namespace)));
    String table = "input.table = %s.input\n".formatted(namespace);
    List<String> inputs = new ArrayList<>(List.of(table));
    if (namespace.equals(DELTA)) {
      String path = location(namespace + ".input");
      inputs.add("input { format = delta, path = \"%s\" }\n".formatted(path));
      outputs.add("output.path = \"%s\"".formatted(path));
    }

    for (String input : inputs) {
      for (String output : outputs) {
        assertThat(refusal(Command.RUN, job + input + output, LeavingStatus.USAGE))
            .as(input + output)
            .contains("is where the input is");
      }
    }

    assertThat(spark().table(namespace + ".input").count()).isEqualTo(10);
  }

  private String location(String table) {
    return spark()
        .sql("DESCRIBE TABLE EXTENDED " + table)
        .where("col_name = 'Location'")
        .head()
        .getString(1);
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
