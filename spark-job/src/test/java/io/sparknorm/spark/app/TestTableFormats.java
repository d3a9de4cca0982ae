package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.typesafe.config.ConfigFactory;
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
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.Table;
import org.apache.iceberg.spark.Spark3Util;
import org.apache.iceberg.spark.actions.SparkActions;
import org.apache.spark.TaskContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of Delta Lake and Iceberg: read at one snapshot, replaced in one commit. */
class TestTableFormats extends JobTest {
  private static final String DELTA = "formats";
  private static final String ICEBERG = "ice.db";
  static final String RECORDS =
      "SELECT id, array(CAST(id AS FLOAT), CAST(sin(id) AS FLOAT)) AS x FROM range(%d, %d)";
  static final String FEATURES =
      """
      features { column = x, shape = [2] }
      norm { type = batch-norm, momentum = 0.1, momentum-convention = new-weight, running-variance = unbiased }
      store { path = ${dir}/store, model = m }
      """;

  @BeforeEach
  void makeNamespaces() {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    spark().sql("CREATE DATABASE %s LOCATION 'halt:%s'".formatted(DELTA, folder.resolve("delta")));
    spark().sql("CREATE NAMESPACE IF NOT EXISTS " + ICEBERG);
  }

  @AfterEach
  void dropTables() {
    HaltingFileSystem.whenMade(file -> {});
    HaltingFileSystem.whenRenamed(file -> {});
    for (String namespace : List.of(DELTA, ICEBERG)) {
      for (var table : spark().sql("SHOW TABLES IN " + namespace).collectAsList()) {
        spark().sql("DROP TABLE %s.%s".formatted(namespace, table.getString(1)));
      }
    }

    spark().sql("DROP DATABASE " + DELTA);
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
    assertThat(days(output)).containsExactly("[0,3,6]", "[1,4,103]", "[2,3,8]");

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

  /** One commit puts all partitions into the table, or none of them. */
  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void partitionsThatCouldNotBeReplacedAreLeftAsTheyWere(String namespace) throws IOException {
    String output = namespace + ".output";
    String job = replacePartitions(output);
    write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
    String first = "input.path = ${dir}/in\n" + job;
    run(first);
    String broken = namespace.equals(DELTA) ? "delta.appendOnly" : "write.format.default";
    spark().sql("ALTER TABLE %s SET TBLPROPERTIES ('%s' = 'true')".formatted(output, broken));
    write("new", "SELECT *, 1L AS day FROM (%s)".formatted(RECORDS.formatted(100, 104)));
    String second = "input.path = ${dir}/new\n" + job;
    assertThat(catchThrowable(() -> run(second))).isNotNull();
    spark().sql("ALTER TABLE %s UNSET TBLPROPERTIES ('%s')".formatted(output, broken));

    long commits = commits(output);
    assertThat(run(first).lines().get(0)).contains("this run is already published");
    run(second);
    run(first); // some of its partitions are the second's
    assertThat(commits(output)).isEqualTo(commits + 2);
    assertThat(days(output)).containsExactly("[0,3,6]", "[1,3,7]", "[2,3,8]");
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void daysThatAreReplacedAtOnceAreBothThere(String namespace) throws Exception {
    String output = namespace + ".output";
    String job = replacePartitions(output);
    write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
    run("input.path = ${dir}/in\n" + job);
    List<String> days = new ArrayList<>();
    for (int day = 1; day <= 2; day++) {
      String records = RECORDS.formatted(100 * day, 100 * day + 4);
      write("day" + day, "SELECT *, %dL AS day FROM (%s)".formatted(day, records));
      days.add("input.path = ${dir}/day%d\n".formatted(day) + job);
    }

    long commits = commits(output);
    assertThat(runAtOnce(output, days)).containsOnly(LeavingStatus.DONE);
    assertThat(commits(output)).isEqualTo(commits + 2);
    for (String again : days) {
      assertThat(days(output)).containsExactly("[0,3,6]", "[1,4,103]", "[2,4,203]");
      run(again);
    }
  }

  @Test
  void tableThatIsAlteredMeanwhileIsWrittenByTheNextAttempt() throws Exception {
    String output = DELTA + ".output";
    write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
    run("input.path = ${dir}/in\n" + replacePartitions(output));
    write("new", "SELECT *, 1L AS day FROM (%s)".formatted(RECORDS.formatted(100, 104)));
    String job = "input.path = ${dir}/new\n" + replacePartitions(output);
    HaltingFileSystem.whenMade(
        file -> {
          if (isOfTheOutput(file)) {
            HaltingFileSystem.whenMade(other -> {});
            String alter = "ALTER TABLE %s SET TBLPROPERTIES ('made-for' = 'us')".formatted(output);
            CompletableFuture.runAsync(() -> spark().sql(alter)).join(); // no task may use Spark
          }
        });

    assertThat(refusal(Command.RUN, job, LeavingStatus.TRY_AGAIN))
        .startsWith("Cannot publish output: table %s was written while this run".formatted(output))
        .endsWith("; start the run again)");
    assertThat(days(output)).containsExactly("[0,3,6]", "[1,3,7]", "[2,3,8]");
    run(job);
    assertThat(days(output)).containsExactly("[0,3,6]", "[1,4,103]", "[2,3,8]");
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void rivalsLeaveOneWholeResult(String namespace) throws Exception {
    String output = namespace + ".output";
    write("in", RECORDS.formatted(0, 10));
    String job = withoutModel(output) + "output.if-exists = replace\n";
    run("input.path = ${dir}/in\n" + job);

    List<LeavingStatus> said = runAtOnce(output, rivals(job));
    assertThat(said)
        .contains(LeavingStatus.DONE)
        .isSubsetOf(LeavingStatus.DONE, LeavingStatus.CONFLICT);
    assertThat(said.get((int) spark().table(output).count() - 11)).isEqualTo(LeavingStatus.DONE);
  }

  @ParameterizedTest
  @CsvSource({
    DELTA + ", fail, CONFLICT",
    DELTA + ", replace, CONFLICT",
    DELTA + ", replace-partitions, TRY_AGAIN",
    ICEBERG + ", fail, CONFLICT",
    ICEBERG + ", replace, CONFLICT",
    ICEBERG + ", replace-partitions, TRY_AGAIN"
  })
  void oneOfTheRivalsMakesANewTable(String namespace, String ifExists, LeavingStatus beaten)
      throws Exception {
    String output = namespace + ".output";
    String job =
        withoutModel(output)
            + "output { if-exists = %s, partition-by = [id] }\n".formatted(ifExists);

    List<LeavingStatus> said = runAtOnce(output, rivals(job));
    assertThat(said).containsExactlyInAnyOrder(LeavingStatus.DONE, beaten);
    assertThat(said.get((int) spark().table(output).count() - 11)).isEqualTo(LeavingStatus.DONE);
    assertThat(spark().sql("SHOW TABLES IN " + namespace).count()).isEqualTo(1);
  }

  /** That it failed is told; that it was made is not. */
  @ParameterizedTest
  @CsvSource({
    DELTA + ", replace",
    DELTA + ", replace-partitions",
    ICEBERG + ", fail",
    ICEBERG + ", replace",
    ICEBERG + ", replace-partitions"
  })
  void runWhoseCommitWasMadeAllTheSameGoesOn(String namespace, String ifExists) throws IOException {
    String output = namespace + ".output";
    String job =
        "output { table = %s, format = %s, if-exists = %s, partition-by = [day] }\n"
                .formatted(output, format(output), ifExists)
            + FEATURES;
    int version = 1;
    if (!ifExists.equals("fail")) {
      write("in", "SELECT *, id %% 3 AS day FROM (%s)".formatted(RECORDS.formatted(0, 9)));
      run("input.path = ${dir}/in\n" + job);
      version = 2;
    }

    write("new", "SELECT *, 1L AS day FROM (%s)".formatted(RECORDS.formatted(100, 104)));
    AtomicBoolean isLost = new AtomicBoolean();
    HaltingFileSystem.whenRenamed(
        file -> {
          if (file.toString()
                  .matches(".*/output/(_delta_log/\\d+|metadata/v\\d+\\.metadata)\\.json")
              && !isLost.getAndSet(true)) {
            throw new IllegalStateException("the answer to the commit was lost");
          }
        });
    run("input.path = ${dir}/new\n" + job);
    assertThat(isLost).isTrue();
    assertThat(version("m", version)).exists();
    assertThat(days(output)).contains("[1,4,103]");
    assertThat(run("input.path = ${dir}/new\n" + job).lines().get(0)).contains("already published");
    assertThat(version("m", version + 1)).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {DELTA, ICEBERG})
  void tableIsTheRunsAsLongAsItHasTheSameRecords(String namespace) throws IOException {
    String output = namespace + ".output";
    write("in", RECORDS.formatted(0, 10));
    String job = "input.path = ${dir}/in\n" + withoutModel(output) + "output.if-exists = replace\n";
    run(job);
    spark().sql("ALTER TABLE %s SET TBLPROPERTIES ('made-for' = 'us')".formatted(output));
    rewrite(output);
    long commits = commits(output);
    assertThat(run(job).lines().get(0)).contains("this run is already published");
    assertThat(commits(output)).isEqualTo(commits);

    spark().sql("DELETE FROM %s WHERE id = 7".formatted(output));
    run(job);
    assertThat(spark().table(output).count()).isEqualTo(10);
    assertThat(run(job).lines().get(0)).contains("this run is already published");
  }

  @Test
  void tableIsTheRunsHoweverOftenItIsTidiedUp() throws IOException {
    String output = DELTA + ".output";
    write("in", RECORDS.formatted(0, 10));
    String job = "input.path = ${dir}/in\n" + withoutModel(output) + "output.if-exists = replace\n";
    run(job);
    spark().sql("ALTER TABLE %s ADD CONSTRAINT counted CHECK (id >= 0)".formatted(output));
    spark().sql("ALTER TABLE %s DROP CONSTRAINT counted".formatted(output));
    assertThat(run(job).lines().get(0)).contains("this run is already published");

    while (commits(output) <= 20) {
      spark().sql("ALTER TABLE %s SET TBLPROPERTIES ('made-for' = 'us')".formatted(output));
    }

    long commits = commits(output);
    assertThat(run(job).lines().get(0)).contains("this run is already published");
    assertThat(commits(output)).isEqualTo(commits);
  }

  @Test
  void nameThatChoosesAStateIsNoTable() throws Exception {
    String table = ICEBERG + ".input";
    create(table, 0, 10);
    Table iceberg = Spark3Util.loadIcebergTable(spark(), table);
    iceberg.manageSnapshots().createTag("monthly", iceberg.currentSnapshot().snapshotId()).commit();
    spark().sql("INSERT INTO %s ".formatted(table) + RECORDS.formatted(10, 15));

    String said = refusal(Command.RUN, job(table + ".tag_monthly"), LeavingStatus.USAGE);
    assertThat(said)
        .isEqualTo(
            "Cannot read table `ice`.`db`.`input`.`tag_monthly`: its name chooses a state of"
                + " `ice`.`db`.`input` (set input.format = iceberg, input.path to that table and"
                + " versionAsOf = monthly among input.options)");
    assertThat(
            refusal(Command.RUN, job(table + ".at_timestamp_4102444800000"), LeavingStatus.USAGE))
        .endsWith("and timestampAsOf among input.options)");
    String chosen = "format = iceberg, path = %s, options { versionAsOf = monthly }";
    assertThat(pin(chosen.formatted(table)).rows().count()).isEqualTo(10);
  }

  private static String job(String input) {
    return FEATURES + "input.table = %s\noutput.path = ${dir}/out\n".formatted(input);
  }

  /** Writes its files anew, with the same records. */
  private void rewrite(String table) {
    long commits = commits(table);
    if (table.startsWith(ICEBERG)) {
      try {
        SparkActions.get(spark())
            .rewriteDataFiles(Spark3Util.loadIcebergTable(spark(), table))
            .option("rewrite-all", "true")
            .execute();
      } catch (Exception e) { // checked ones of Spark's
        throw new IllegalStateException(e);
      }
    } else {
      spark().sql("OPTIMIZE %s ZORDER BY (id)".formatted(table));
    }

    assertThat(commits(table)).isEqualTo(commits + 1);
  }

  private static String withoutModel(String output) {
    return "output { table = %s, format = %s }\n".formatted(output, format(output))
        + FEATURES.replaceAll("momentum.*biased", "epsilon = 0");
  }

  private static String replacePartitions(String output) {
    return withoutModel(output)
        + "output { if-exists = replace-partitions, partition-by = [day] }\n";
  }

  /** Two runs of a job, the first on 11 records and the second on 12. */
  private List<String> rivals(String job) {
    List<String> rivals = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      write("in" + i, RECORDS.formatted(0, 10 + i));
      rivals.add("input.path = ${dir}/in%d\n".formatted(i) + job);
    }

    return rivals;
  }

  /** What jobs end with that all write to the table of the output before any of them commits. */
  private List<LeavingStatus> runAtOnce(String table, List<String> jobs) throws Exception {
    CountDownLatch writing = new CountDownLatch(jobs.size());
    Set<String> writers = ConcurrentHashMap.newKeySet();
    HaltingFileSystem.whenMade(
        file -> {
          // The first task alone of each job waits: the others' may need all cores.
          if (isOfTheOutput(file) && writers.add(write(TaskContext.get()))) {
            writing.countDown();
            await(writing);
          }
        });
    ExecutorService pool = Executors.newFixedThreadPool(jobs.size());
    try {
      List<LeavingStatus> statuses = new ArrayList<>();
      for (Future<LeavingStatus> status :
          pool.invokeAll(jobs.stream().map(this::inItsOwnSession).toList())) {
        statuses.add(status.get());
      }

      spark().sql("REFRESH TABLE " + table);
      return statuses;
    } finally {
      pool.shutdownNow();
    }
  }

  private static String write(TaskContext task) {
    return task.getLocalProperty("spark.sql.execution.id");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).as("all write at once").isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As in a process of its own, which does not know what others commit. */
  private Callable<LeavingStatus> inItsOwnSession(String job) {
    return () -> {
      try (StopSignal stop = StopSignal.listen()) {
        new Job(spark().newSession(), spec(Command.RUN, job), new Progress(), stop).run();
        return LeavingStatus.DONE;
      } catch (Exception e) {
        return Failures.inTermsOfTheJob(e).orElseThrow(() -> new AssertionError(e)).status();
      }
    };
  }

  /** A file of records, in the table's folder or where a new one is made. */
  private static boolean isOfTheOutput(org.apache.hadoop.fs.Path file) {
    return file.toString().matches(".*/output(__[^/]*_copy)?/(data/|day=|id=|part-).*");
  }

  private List<String> days(String table) {
    String days = "SELECT day, count(*), max(id) FROM %s GROUP BY day ORDER BY day";
    return spark().sql(days.formatted(table)).collectAsList().stream().map(Row::toString).toList();
  }

  /** How often the table was committed to; one commit leaves nothing between two states. */
  private long commits(String table) {
    return table.startsWith(ICEBERG)
        ? spark().sql("SELECT * FROM %s.snapshots".formatted(table)).count()
        : spark().sql("DESCRIBE HISTORY " + table).count();
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
