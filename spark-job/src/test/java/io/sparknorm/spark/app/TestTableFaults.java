package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that are killed while they replace partitions of a table, and runs that race for one. */
class TestTableFaults extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/new
      output { table = faults.t, format = parquet, if-exists = replace }
      features { column = x, shape = [2] }
      norm.type = batch-norm
      """;
  private static final String PARTITIONS =
      JOB + "output { if-exists = replace-partitions, partition-by = [day] }\n";
  private static final String OLD = "input.path = ${dir}/old\n";

  @BeforeEach
  void writeInputs() {
    write("old", records(0, 6, 0));
    write("new", records(10, 16, 1));
  }

  /** Of two days. */
  private static String records(int from, int to, int day) {
    return "SELECT id, array(float(id), float(id * id)) AS x, id %% 2 + %d AS day FROM range(%d, %d)"
        .formatted(day, from, to);
  }

  @AfterEach
  void goOn() {
    HaltingFileSystem.whenLookedFor(path -> {});
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    spark().sql("DROP DATABASE IF EXISTS faults CASCADE");
  }

  /**
   * Whatever a run that was killed has left, either run replaces its own partitions, all of them.
   *
   * @param density the higher, the fewer operations are left out; of the last, which publish, none
   */
  @ParameterizedTest
  @CsvSource({"true, 4", "false, 4"})
  void partitionsAreMadeGoodByTheNextRun(boolean isTheSame, int density) throws IOException {
    prepare(PARTITIONS);
    List<String> old = table();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    run(PARTITIONS);
    int operations = HaltingFileSystem.operations();
    List<String> done = table();
    assertThat(of(done, 0)).isNotEmpty().isEqualTo(of(old, 0));
    assertThat(of(done, 1)).isNotEmpty().isNotEqualTo(of(old, 1));

    for (int n = operations - 1; n >= 0; n -= 1 + (operations - n) / density) {
      prepare(PARTITIONS);
      HaltingFileSystem.haltAfter(n);
      Throwable halted = catchThrowable(() -> run(PARTITIONS));
      HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
      String moment = "halted after %d of %d operations: %s".formatted(n, operations, halted);
      assertThat(of(table(), 0)).as(moment).isEqualTo(of(done, 0));

      run(isTheSame ? PARTITIONS : PARTITIONS + OLD);
      assertThat(of(table(), 0)).as(moment).isEqualTo(of(done, 0));
      assertThat(of(table(), 1)).as(moment).isEqualTo(of(isTheSame ? done : old, 1));
      if (isTheSame) {
        assertThat(of(table(), 2)).as(moment).isEqualTo(of(done, 2));
        assertThat(tables().toFile().list()).as(moment).containsExactly("t");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 10000", "false, 10000"})
  @Tag("faults")
  void partitionsAreMadeGoodByTheNextRunWhereverItHappens(boolean isTheSame, int density)
      throws IOException {
    partitionsAreMadeGoodByTheNextRun(isTheSame, density);
  }

  @Test
  void whatKilledRunsHaveStagedWithinTheTableIsRemovedOnceNobodyCanWriteToIt() throws IOException {
    prepare(PARTITIONS);
    Path old = Files.createDirectories(tables().resolve("t/.spark-staging-old/day=1"));
    Files.createDirectory(tables().resolve("t/.spark-staging-new"));
    Files.setLastModifiedTime(
        old.getParent(), FileTime.from(Instant.now().minus(Duration.ofDays(8))));

    run(PARTITIONS);

    assertThat(tables().resolve("t").toFile().list((folder, name) -> name.startsWith(".spark")))
        .containsExactly(".spark-staging-new");
  }

  @Test
  void runWhoseTableIsTakenAwayByAnotherIsToldThatItWasBeaten() throws IOException {
    prepare(JOB);
    HaltingFileSystem.whenLookedFor(
        once(
            "t__sparknorm_replaced_.*",
            path -> {
              spark().sql("ALTER TABLE faults.t RENAME TO faults.aside");
              HaltingFileSystem.whenLookedFor(once("t", this::makeTable));
            }));

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT))
        .startsWith("Cannot publish output: table faults.t was written while this run was under");
    assertThat(table()).containsExactly("{\"id\":0}");
    assertThat(tables().toFile().list()).containsExactlyInAnyOrder("t", "aside");
  }

  @Test
  void beatenRunLeavesNothing() throws IOException {
    prepare(JOB);
    HaltingFileSystem.whenLookedFor(
        path -> {
          if (!spark().catalog().tableExists("faults.t")) {
            once("t", this::makeTable).accept(path);
          }
        });

    refusal(Command.RUN, JOB, LeavingStatus.CONFLICT);

    assertThat(table()).containsExactly("{\"id\":0}");
    assertThat(tables().toFile().list()).containsExactly("t");
  }

  @Test
  void externalTableIsNotReplacedByOneElsewhere() throws IOException {
    prepare(JOB);
    String external =
        "CREATE TABLE faults.e USING parquet LOCATION 'halt:%s' AS SELECT id FROM range(1)"
            .formatted(folder.resolve("elsewhere"));
    String job = JOB + "output.table = faults.e\n";
    spark().sql(external);

    assertThat(refusal(Command.RUN, job, LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot replace table faults.e: it is external, and its files would stay (drop the"
                + " table, or write to its folder with output.path)");
    assertThat(refusal(Command.RUN, job + "output.if-exists = fail", LeavingStatus.CONFLICT))
        .endsWith("or set output.if-exists = skip)");
    assertThat(spark().table("faults.e").count()).isEqualTo(1);

    spark().sql("ALTER TABLE faults.e SET TBLPROPERTIES ('external.table.purge' = 'TRUE')");
    run(job);
    assertThat(spark().table("faults.e").count()).isEqualTo(6);
  }

  /** Acts when a folder is looked for, and not again meanwhile or afterwards. */
  private static Consumer<org.apache.hadoop.fs.Path> once(
      String name, Consumer<org.apache.hadoop.fs.Path> act) {
    return path -> {
      if (path.getName().matches(name)) {
        HaltingFileSystem.whenLookedFor(other -> {});
        act.accept(path);
      }
    };
  }

  private void makeTable(org.apache.hadoop.fs.Path path) {
    spark().sql("CREATE TABLE faults.t USING parquet AS SELECT id FROM range(1)");
  }

  /** A table with the result of another run. */
  private void prepare(String job) throws IOException {
    spark().sql("DROP DATABASE IF EXISTS faults CASCADE");
    FileUtil.fullyDelete(tables().toFile());
    spark().sql("CREATE DATABASE faults LOCATION 'halt:%s'".formatted(tables()));
    run(job + OLD);
  }

  private Path tables() {
    return folder.resolve("tables");
  }

  private List<String> table() {
    spark().catalog().refreshTable("faults.t"); // what a run has failed to write is still listed
    return spark().table("faults.t").toJSON().collectAsList();
  }

  /** In any order, but each as often as it is there. */
  private static List<String> of(List<String> records, int day) {
    String end = "\"day\":%d}".formatted(day);
    return records.stream().filter(record -> record.endsWith(end)).sorted().toList();
  }
}
