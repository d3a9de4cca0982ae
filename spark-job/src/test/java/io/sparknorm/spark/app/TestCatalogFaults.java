package io.sparknorm.spark.app;

import static io.sparknorm.spark.app.TestTableFormats.FEATURES;
import static io.sparknorm.spark.app.TestTableFormats.RECORDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.typesafe.config.ConfigFactory;
import io.sparknorm.spark.CatalogLookup;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.sql.AnalysisException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Catalogs that do not answer, and tables that change while somebody asks for them. */
class TestCatalogFaults extends JobTest {
  private static final String JOB =
      FEATURES
          + "input.table = catalogs.input\n"
          + "output { table = catalogs.output, if-exists = replace }\n";

  @BeforeEach
  void makeTables() {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    spark().sql("CREATE DATABASE catalogs LOCATION 'halt:%s'".formatted(folder.resolve("tables")));
    spark().sql("CREATE TABLE catalogs.input USING delta AS " + RECORDS.formatted(0, 10));
  }

  @AfterEach
  void dropTables() {
    HaltingFileSystem.whenMade(file -> {});
    WatchedCatalog.watch();
    spark().sql("DROP DATABASE catalogs CASCADE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"delta", "parquet", "view", "files"})
  void inputIsPinnedForWhatItIsOrNotAtAll(String kind) {
    String name = kind.equals("delta") ? "catalogs.input" : make(kind);
    WatchedCatalog.watch();
    InputIdentity pinned = pin(name).identity();
    int questions = WatchedCatalog.questions();
    assertThat(questions).isGreaterThan(1);

    for (int n = 1; n <= questions; n++) {
      WatchedCatalog.failAt(n);
      try {
        assertThat(pin(name).identity()).as("question %d", n).isEqualTo(pinned);
      } catch (Exception e) { // Spark throws checked ones undeclared
        assertThat(e)
            .isInstanceOfAny(AnalysisException.class, JobException.class) // by Spark 3.5 the latter
            .hasMessageContaining("no answer");
      }
    }
  }

  /** Spark 3.5 keeps it to itself when it is asked what a table is. */
  @Test
  void whatACatalogSaysEachTimeIsTold() {
    WatchedCatalog.fallSilent();

    assertThatThrownBy(() -> CatalogLookup.tableType(spark(), "catalogs.input"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("no answer");
  }

  private String make(String kind) {
    switch (kind) {
      case "parquet" ->
          spark().sql("CREATE TABLE catalogs.parquet USING parquet AS " + RECORDS.formatted(0, 10));
      case "view" -> spark().sql("CREATE VIEW catalogs.view AS SELECT * FROM catalogs.input");
      default -> {
        write("in", RECORDS.formatted(0, 10));
        return "parquet.`%s`".formatted(folder.resolve("in"));
      }
    }

    return "catalogs." + kind;
  }

  private Input pin(String table) {
    String job = FEATURES + "input.table = \"%s\"\n".formatted(table);
    return Input.pin(
        spark(),
        JobSpec.parse(
                ConfigFactory.parseString(job.replace("${dir}", folder.toString())), Command.FIT)
            .input());
  }

  /**
   * Whichever question the catalog leaves unanswered: the table stays one of Delta, with its
   * history, and running statistics move once for each state of the input.
   *
   * @param density how many questions to try
   */
  @ParameterizedTest
  @ValueSource(ints = 4)
  void runWhoseCatalogDoesNotAnswerOnceIsStartedAgain(int density) throws IOException {
    spark().sql("CREATE TABLE catalogs.output USING delta AS " + RECORDS.formatted(0, 1));
    WatchedCatalog.watch();
    run(JOB);
    int questions = WatchedCatalog.questions();

    int step = Math.max(1, questions / density);
    int version = 1;
    for (int n = questions; n > 0; n -= step) {
      spark().sql("INSERT INTO catalogs.input " + RECORDS.formatted(10 + n, 11 + n));
      WatchedCatalog.failAt(n);
      Throwable failure = catchThrowable(() -> run(JOB));
      WatchedCatalog.watch();
      String moment = "question %d of %d: %s".formatted(n, questions, failure);
      if (failure != null) {
        assertThat(Failures.inTermsOfTheJob(failure).orElseThrow().status())
            .as(moment)
            .isEqualTo(LeavingStatus.TRY_AGAIN);
      }

      assertThat(SnapshotFormat.of(spark(), "catalogs.output"))
          .as(moment)
          .contains(SnapshotFormat.DELTA);
      run(JOB);
      version++;
      assertThat(spark().table("catalogs.output").count()).as(moment).isEqualTo(9 + version);
      assertThat(spark().sql("DESCRIBE HISTORY catalogs.output").count())
          .as(moment)
          .isEqualTo(1 + version);
      assertThat(version("m", version)).as(moment).exists();
      assertThat(version("m", version + 1)).as(moment).doesNotExist();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = 10000)
  @Tag("faults")
  void runWhoseCatalogDoesNotAnswerOnceIsStartedAgainWhereverItIs(int density) throws IOException {
    runWhoseCatalogDoesNotAnswerOnceIsStartedAgain(density);
  }

  /** Others may tidy a table up meanwhile: that has not beaten the run. */
  @Test
  void failureOfTheSystemStandsWhereTheTableHasChangedToo() throws IOException {
    spark().sql("CREATE TABLE catalogs.output USING delta AS " + RECORDS.formatted(0, 1));
    whileTheOutputIsWritten(
        () -> {
          spark().sql("ALTER TABLE catalogs.output SET TBLPROPERTIES ('made-for' = 'us')");
          throw new UncheckedIOException(new IOException("cannot write"));
        });

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.TRY_AGAIN)).contains("cannot write");
    run(JOB);
    assertThat(spark().table("catalogs.output").count()).isEqualTo(10);
  }

  /** What is asked afterwards, and fails as well, does not hide it. */
  @Test
  void firstFailureStandsWhereTheCatalogFallsSilentToo() {
    spark().sql("CREATE TABLE catalogs.output USING delta AS " + RECORDS.formatted(0, 1));
    whileTheOutputIsWritten(
        () -> {
          WatchedCatalog.fallSilent();
          throw new UncheckedIOException(new IOException("cannot write"));
        });

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.TRY_AGAIN)).contains("cannot write");
  }

  private static void whileTheOutputIsWritten(Runnable act) {
    HaltingFileSystem.whenMade(
        file -> {
          if (file.toString().matches(".*/output/part-.*")) {
            HaltingFileSystem.whenMade(other -> {});
            CompletableFuture.runAsync(act).join(); // no task may use Spark
          }
        });
  }

  /** A rival sets the table aside between two questions: that is no mistake in the job file. */
  @Test
  void tableThatIsSetAsideAtAnyMomentIsNoBrokenContract() throws IOException {
    String job = JOB + "output.format = parquet\n";
    replaceable();
    WatchedCatalog.watch();
    run(job);
    int questions = WatchedCatalog.questions();

    for (int n = 1; n <= questions; n += 1 + n / 2) {
      replaceable();
      WatchedCatalog.actAt(n, this::setAside);
      Throwable failure = catchThrowable(() -> run(job));
      WatchedCatalog.watch();
      if (failure != null) {
        assertThat(Failures.inTermsOfTheJob(failure).orElseThrow().status())
            .as("question %d of %d: %s", n, questions, failure)
            .isIn(LeavingStatus.CONFLICT, LeavingStatus.TRY_AGAIN);
      }
    }
  }

  private void setAside() {
    if (spark().catalog().tableExists("catalogs.output")) {
      spark().sql("ALTER TABLE catalogs.output RENAME TO catalogs.aside");
    }
  }

  private void replaceable() {
    for (String table : List.of("output", "aside")) {
      spark().sql("DROP TABLE IF EXISTS catalogs." + table);
    }

    spark().sql("CREATE TABLE catalogs.output USING parquet AS " + RECORDS.formatted(0, 1));
  }
}
