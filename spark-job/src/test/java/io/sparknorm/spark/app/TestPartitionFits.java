package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.fit.Input;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.SaveMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fits that scan only the partitions that are new or changed. */
class TestPartitionFits extends JobTest {
  private static final String FEATURES =
      """
      features { column = x, shape = [3] }
      norm { type = batch-norm }
      store { path = ${dir}/store, model = rolling }
      """;
  private static final String JOB =
      FEATURES + "input { path = ${dir}/in, partition-by = day, window = 3 days }\n";
  private static final int RECORDS_OF_A_DAY = 20;

  @AfterEach
  void goOn() {
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
  }

  private TaskFigures read(TaskFigures.Work work) throws IOException {
    return TaskFigures.of(spark(), work);
  }

  private long recordsOf(String job) throws IOException {
    return read(() -> fit(job)).records();
  }

  /** Writes days of the input in the place of what they held before, or beside it. */
  private void days(int from, int to, String element, SaveMode mode) {
    String query =
        """
        SELECT date_add(DATE'2026-11-01', CAST(day AS int) - 1) AS day,
          transform(sequence(1, 3), i -> double(%s)) AS x
        FROM (SELECT id, id %% %d + %d AS day FROM range(%d)) ORDER BY id
        """
            .formatted(element, to - from + 1, from, RECORDS_OF_A_DAY * (to - from + 1));
    partitions("day", query, mode);
  }

  private void days(int from, int to) {
    String element = "sin(day * 100 + id * 7 + i) * power(10, id % 30 - 15)";
    days(from, to, element, SaveMode.Overwrite);
  }

  private void partitions(String column, String query, SaveMode mode) {
    spark()
        .sql(query)
        .coalesce(1)
        .write()
        .mode(mode)
        .option("partitionOverwriteMode", "dynamic")
        .partitionBy(column)
        .parquet(folder.resolve("in").toString());
  }

  /** Fits another model in one scan of the same records, and compares the bytes. */
  private TaskFigures assertSameAsAFullFit(int version, String where) throws Exception {
    String model = "full-" + version;
    String job = FEATURES + "input { path = ${dir}/in, where = \"%s\" }\nstore.model = %s\n";
    TaskFigures read = read(() -> fit(job.formatted(where, model)));
    for (String kind : List.of("moments", "stats")) {
      assertThat(payload("rolling", version, kind)).as(kind).isEqualTo(payload(model, 1, kind));
    }

    assertThat(manifest("rolling", version).get("counts"))
        .isEqualTo(manifest(model, 1).get("counts"));
    return read;
  }

  @Test
  void onlyNewAndChangedPartitionsAreRead() throws Exception {
    days(1, 4);
    assertThat(recordsOf(JOB)).isEqualTo(3 * RECORDS_OF_A_DAY);
    assertSameAsAFullFit(1, "day >= '2026-11-02'");

    days(5, 5);
    TaskFigures next =
        read(
            () ->
                assertThat(fit(JOB).lines())
                    .contains(
                        "  partitions: 1 scanned (2026-11-05), 2 reused (2026-11-03, 2026-11-04)"));
    TaskFigures full = assertSameAsAFullFit(2, "day >= '2026-11-03'");
    assertThat(next.records()).isEqualTo(RECORDS_OF_A_DAY);
    assertThat(full.records()).isEqualTo(3 * RECORDS_OF_A_DAY);
    assertThat(next.bytes())
        .isGreaterThan(Files.size(parquet(folder.resolve("in/day=2026-11-05"))) / 2)
        .isLessThan(full.bytes() / 2);

    days(4, 4, "float(id * i)", SaveMode.Overwrite);
    assertThat(recordsOf(JOB)).isEqualTo(RECORDS_OF_A_DAY);
    assertSameAsAFullFit(3, "day >= '2026-11-03'");

    assertThat(recordsOf(JOB)).isZero();
    assertThat(version("rolling", 4)).doesNotExist();
  }

  @Test
  void lateAndRepeatedFilesAndRemovedPartitionsAreSeen() throws Exception {
    days(1, 3);
    fit(JOB);

    days(2, 2, "double(-id - i)", SaveMode.Append);
    assertThat(recordsOf(JOB)).isEqualTo(2 * RECORDS_OF_A_DAY);
    assertSameAsAFullFit(2, "true");

    Path day = folder.resolve("in/day=2026-11-03");
    Path file = parquet(day);
    Files.copy(file, day.resolve("again-" + file.getFileName()));
    assertThat(recordsOf(JOB)).isEqualTo(2 * RECORDS_OF_A_DAY);
    assertSameAsAFullFit(3, "true");
    assertThat(manifest("rolling", 3).at("/counts/records").intValue())
        .isEqualTo(5 * RECORDS_OF_A_DAY);

    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-02").toFile());
    assertThat(recordsOf(JOB)).isZero();
    assertSameAsAFullFit(4, "true");
  }

  private static Path parquet(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("part-.*\\.parquet"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void whatIsOutsideOfTheWindowIsNoPartOfTheRun() throws Exception {
    days(1, 4);
    fit(JOB);
    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-01").toFile());

    assertThat(fit(JOB).reason()).isEqualTo("this run is already published, nothing to do");
    assertThat(fit(JOB + "input.window = 3 partitions").reason())
        .isEqualTo("this run is already published, nothing to do");
    assertThat(manifest("rolling", 1).at("/input/files")).hasSize(3);
  }

  @Test
  void aWiderOrNarrowerWindowScansOnlyWhatItLacks() throws Exception {
    days(1, 5);
    fit(JOB);

    assertThat(recordsOf(JOB + "input.window = 2 partitions")).isZero();
    assertSameAsAFullFit(2, "day >= '2026-11-04'");
    assertThat(recordsOf(JOB + "input.window = 4 days")).isEqualTo(2 * RECORDS_OF_A_DAY);
    assertSameAsAFullFit(3, "day >= '2026-11-02'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "input.where = \"x[0] > 0\"",
        "features.shape = [3, -1]",
        "faults.nan = skip-value",
        "features.weight = w",
        "norm.epsilon = 1e-3",
        "input.options.mergeSchema = true"
      })
  void anotherConfigurationUsesNoStateOfThisOne(String setting) throws Exception {
    String query =
        "SELECT DATE'2026-11-01' + CAST(id / 5 AS int) AS day, array(id, 2, id * id)"
            + " AS x, 2 AS w FROM range(15)";
    partitions("day", query, SaveMode.Overwrite);
    fit(JOB);

    assertThat(recordsOf(JOB + setting)).isEqualTo(15);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.sql.ansi.enabled",
        "spark.sql.caseSensitive",
        "spark.sql.files.ignoreCorruptFiles",
        "spark.sql.files.ignoreMissingFiles"
      })
  void statesAreOfTheSettingsByWhichFilesAreRead(String setting) throws Exception {
    days(1, 3);
    fit(JOB);
    days(4, 4);
    String before = spark().conf().get(setting);
    spark().conf().set(setting, String.valueOf(!Boolean.parseBoolean(before)));
    try {
      assertThat(recordsOf(JOB)).isEqualTo(3 * RECORDS_OF_A_DAY);
    } finally {
      spark().conf().set(setting, before);
    }
  }

  @Test
  void anAttemptThatFailsLeavesTheStoreAsItWas() throws Exception {
    days(1, 3);
    fit(JOB);
    days(4, 4, "IF(id = 7 AND i = 2, NULL, float(i))", SaveMode.Overwrite);
    List<String> before = files();

    assertThat(refusal(Command.FIT, JOB, LeavingStatus.DATA)).contains("(channel 1) is null");
    assertThat(files()).isEqualTo(before);

    days(4, 4);
    assertThat(recordsOf(JOB)).isEqualTo(RECORDS_OF_A_DAY);
    assertSameAsAFullFit(2, "day >= '2026-11-02'");
  }

  @Test
  void anAttemptThatIsHaltedAnywhereLeavesTheOldVersionOrTheNewOne() throws Exception {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    String job = JOB + "store.path = \"halt:${dir}/store\"";
    days(1, 3);
    fit(job);
    days(4, 4);
    List<String> before = files();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    fit(job);
    int operations = HaltingFileSystem.operations();
    assertThat(operations).isGreaterThan(6);

    for (int n = operations % 3; n < operations; n += 3) {
      FileUtil.fullyDelete(version("rolling", 2).toFile());
      HaltingFileSystem.haltAfter(n);
      Throwable halted = catchThrowable(() -> fit(job));
      HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
      assertThat(files()).as("halted after %d: %s", n, halted).containsAll(before);

      fit(job);
      assertThat(version("rolling", 2).toFile().list())
          .as("halted after %d: %s", n, halted)
          .filteredOn(name -> !name.endsWith(".crc"))
          .hasSize(4);
    }

    assertThat(version("rolling", 3)).doesNotExist();
    assertSameAsAFullFit(2, "day >= '2026-11-02'");
    days(5, 5);
    assertThat(recordsOf(JOB)).isEqualTo(RECORDS_OF_A_DAY);
  }

  @Test
  @Tag("faults")
  void aProcessThatHaltsAnywhereLeavesTheOldVersionOrTheNewOne() throws Exception {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    String job = JOB + "store.path = \"halt:${dir}/store\"";
    days(1, 3);
    fit(job);
    days(4, 4);
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    fit(job);
    int operations = HaltingFileSystem.operations();
    byte[] undisturbed = payload("rolling", 2, "moments");

    for (int n = 0; n < operations; n++) {
      FileUtil.fullyDelete(version("rolling", 2).toFile());
      List<String> before = files();
      JobProcess process =
          JobProcess.start(
              folder,
              job.replace("${dir}", folder.toString()),
              List.of(
                  "-D%s=%d".formatted(HaltingFileSystem.HALT_AFTER, n),
                  "-Dspark.hadoop.fs.halt.impl=" + HaltingFileSystem.class.getName(),
                  "-Dspark.hadoop.fs.AbstractFileSystem.halt.impl="
                      + HaltingFileSystem.Context.class.getName()),
              "fit");
      JobProcess.Left left = process.left();
      assertThat(left.status()).as(left.log()).isEqualTo(137);
      assertThat(left.log()).contains("Fitting on partitions: 1 scanned (2026-11-04), 2 reused");
      assertThat(files()).containsAll(before);

      fit(job);
      assertThat(payload("rolling", 2, "moments")).isEqualTo(undisturbed);
      assertThat(version("rolling", 3)).doesNotExist();
    }
  }

  @Test
  void aRunNormalisesAllByTheStatisticsOfTheWindow() throws Exception {
    days(1, 5);
    String job = JOB + "output.path = ${dir}/out\n";
    run(job);
    assertSameAsAFullFit(1, "day >= '2026-11-03'");
    assertThat(output().count()).isEqualTo(5 * RECORDS_OF_A_DAY);

    TaskFigures applied = read(() -> apply(job + "output.path = ${dir}/again"));
    assertThat(applied.records()).as("and counted once written").isEqualTo(10 * RECORDS_OF_A_DAY);
  }

  @Test
  void aRecordThatOneBlockDropsIsMissingInTheStatesOfAll() throws Exception {
    String query =
        """
        SELECT DATE'2026-11-01' + CAST(id / 5 AS int) AS day, array(float(id)) AS x,
          array(IF(id %% 4 = 0, double('NaN'), id)) AS y FROM range(%d)
        """;
    String job =
        """
        input { path = ${dir}/in, partition-by = day }
        features = [{ column = x, shape = [1], model = x }, { column = y, shape = [1], model = y }]
        norm { type = batch-norm }
        faults.nan = drop-record
        store.path = ${dir}/store
        """;
    partitions("day", query.formatted(15), SaveMode.Overwrite);
    fit(job);
    partitions("day", query.formatted(20), SaveMode.Overwrite);
    fit(job);
    fit(job.replace("partition-by = day", "").replace("${dir}/store", "${dir}/store/full"));

    for (String model : List.of("x", "y")) {
      assertThat(payload(model, 2, "moments")).isEqualTo(payload("full/" + model, 1, "moments"));
      assertThat(statistics(model, 2).at("/count/0").intValue()).isEqualTo(15);
    }
  }

  @Test
  void aDayWithoutTensorsCountsAndAddsNothing() throws Exception {
    days(1, 2);
    String query = "SELECT DATE'2026-11-03' AS day, CAST(NULL AS array<double>) AS x";
    partitions("day", query, SaveMode.Append);

    fit(JOB);

    assertSameAsAFullFit(1, "true");
    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-01").toFile());
    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-02").toFile());
    assertThat(refusal(Command.FIT, JOB, LeavingStatus.DATA))
        .isEqualTo("Cannot fit column x: none of 1 records has a tensor to fit on");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CAST(id AS int) - 4 | part >= 2",
        "IF(id < 3, 'a b/c=%d', IF(id < 5, NULL, concat('ä', id))) | part > 'ä5'",
        "IF(id < 4, NULL, DATE'2026-01-04' + CAST(id AS int)) | part >= '2026-01-10'"
      })
  void partitionsAreOfNumbersTextsAndDatesAndNullIsTheOldest(String value, String newest)
      throws Exception {
    String query = "SELECT %s AS part, array(id, 2 * id, id * id) AS x FROM range(9)";
    partitions("part", query.formatted(value), SaveMode.Overwrite);
    String job = JOB.replace("day, window = 3 days", "part");

    fit(job);
    assertSameAsAFullFit(1, "true");
    assertThat(recordsOf(job + "input.window = 3 partitions")).isZero();
    assertSameAsAFullFit(2, newest);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "input.partition-by = month | Cannot find column month: the input has x, day",
        "input.partition-by = x | Cannot fit by partitions of column x: the input's files are not"
            + " in folders of its values, such as x=.. (a view, and a Delta Lake or Iceberg table,"
            + " has no such folders)",
        "input { path = null, table = days } | Cannot fit by partitions of column day: the input's"
            + " files are not in folders of its values, such as day=.. (a view, and a Delta Lake or"
            + " Iceberg table, has no such folders)",
        "input.where = \"rand() < 0.5\" | Cannot fit by partitions of column day: input.where"
            + " may choose other records each time",
        "input.where = \"day < current_date()\" | Cannot fit by partitions of column day:"
            + " input.where may choose other records each time",
        "input.where = \"_metadata.file_size > 0 AND rand() < 0.5\" | Cannot fit by partitions of"
            + " column day: input.where may choose other records each time",
        "input.where = \"day < date 'today'\" | Cannot fit by partitions of column day:"
            + " input.where may choose other records each time",
        "input.where = \"day IN (SELECT max(day) FROM days)\" | Cannot fit by partitions of column"
            + " day: input.where may choose other records each time"
      })
  void whatIsNoPartitionColumnIsRefused(String setting, String message) throws IOException {
    days(1, 1);
    spark().read().parquet(folder.resolve("in").toString()).createOrReplaceTempView("days");

    assertThat(refusal(Command.FIT, JOB + setting, LeavingStatus.DATA)).isEqualTo(message);
    assertThat(folder.resolve("store")).doesNotExist();
  }

  @Test
  void aColumnWithinFilesIsNotTakenForTheFolderThatTheyAreIn() throws IOException {
    write("day=1", "SELECT id AS day, array(id, id, id) AS x FROM range(3)");

    assertThat(refusal(Command.FIT, JOB + "input.path = ${dir}/\"day=1\"", LeavingStatus.DATA))
        .startsWith("Cannot fit by partitions of column day: the input's files are not in folders");
  }

  @Test
  void aWindowOfDaysNeedsDates() throws IOException {
    partitions("day", "SELECT 'monday' AS day, array(1, 2, 3) AS x", SaveMode.Overwrite);

    assertThat(refusal(Command.FIT, JOB, LeavingStatus.DATA))
        .isEqualTo("Cannot fit by partitions of column day: monday is no date such as 2026-01-31");
  }

  private List<String> files() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder.resolve("store"))) {
      files.map(Path::toString).sorted().forEach(found::add);
    }

    return found;
  }

  @Test
  void statesAreOfTheTypeThatPartitionsHad() throws Exception {
    String query = "SELECT %s AS part, array(id, 2 * id, id * id) AS x FROM range(6)";
    partitions("part", query.formatted("id + 8"), SaveMode.Overwrite);
    String where = "part > '10'";
    String job =
        JOB.replace("day, window = 3 days", "part") + "input.where = \"%s\"\n".formatted(where);
    fit(job);
    assertThat(manifest("rolling", 1).at("/counts/records").intValue()).isEqualTo(3);

    partitions("part", query.formatted("IF(id = 0, 'a', string(id + 8))"), SaveMode.Append);
    fit(job);

    assertSameAsAFullFit(2, where); // 8, which has not changed, is more than 10 now, as texts are
    assertThat(manifest("rolling", 2).at("/counts/records").intValue()).isEqualTo(10);
  }

  @Test
  void statesAreOfTheTypesOfTheColumnsThatChooseHoweverTheyAreSpelled() throws Exception {
    String query = "SELECT %s AS part, %s AS region, array(id, 2 * id, id * id) AS x FROM range(6)";
    regions(query.formatted("1", "id + 8"), SaveMode.Overwrite);
    String where = "Region > '10'";
    String job =
        JOB.replace("day, window = 3 days", "part") + "input.where = \"%s\"\n".formatted(where);
    fit(job);
    assertThat(manifest("rolling", 1).at("/counts/records").intValue()).isEqualTo(3);

    regions(query.formatted("2", "'x'"), SaveMode.Append);
    fit(job);

    assertSameAsAFullFit(2, where); // 8 of the first part is more than 10 now, as texts are
    assertThat(manifest("rolling", 2).at("/counts/records").intValue()).isEqualTo(11);
  }

  private void regions(String query, SaveMode mode) {
    spark()
        .sql(query)
        .write()
        .partitionBy("part", "region")
        .mode(mode)
        .parquet(folder.resolve("in").toString());
  }

  @Test
  void whatIsOutsideOfTheWindowMayGoWhileAFitReads() {
    days(1, 4);
    Input input = Input.pin(spark(), spec(Command.FIT, JOB).input());

    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-01").toFile());
    assertThatCode(input::checkFittedUnchanged).doesNotThrowAnyException();
    assertThatThrownBy(input::checkUnchanged).hasMessageContaining("/in/day=2026-11-01/part-");

    FileUtil.fullyDelete(folder.resolve("in/day=2026-11-02").toFile());
    assertThatThrownBy(input::checkFittedUnchanged)
        .hasMessageStartingWith("Cannot publish: the input changed while it was read (file:")
        .hasMessageContaining("/in/day=2026-11-02/part-");
  }
}
