package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.functions.NormFunctions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class TestSparknormApp {
  private static final String JOB =
      """
      input { path = in, options { password = hunter2 }, where = "a = 1" }
      output.path = out
      features { column = x, shape = [3], output = y }
      norm.type = batch-norm
      store { path = models, model = m }
      """;

  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final StringBuilder log = new StringBuilder();
  private final Logger logger = (Logger) LogManager.getLogger(SparknormApp.class);
  private final Level level = logger.getLevel();
  private final AbstractAppender appender =
      new AbstractAppender("test", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
          log.append(event.getMessage().getFormattedMessage()).append('\n');
          if (event.getThrown() != null) {
            log.append(event.getThrown()).append('\n');
          }
        }
      };

  @BeforeEach
  void readTheLog() {
    logger.setLevel(Level.INFO);
    appender.start();
    logger.addAppender(appender);
  }

  @AfterEach
  void leaveTheLog() {
    logger.removeAppender(appender);
    logger.setLevel(level);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fit", "apply", "run"})
  void dryRunPrintsTheConfigurationAndStartsNoSession(String command) throws IOException {
    int status =
        execute(
            command,
            "--config",
            job(JOB),
            "--dry-run",
            "--set=input.path=ftp://user:hunter2@host/in");

    assertThat(status).isZero();
    assertThat(out.toString())
        .contains("epsilon=1.0E-5", "password=\"***\"")
        .doesNotContain("hunter2");
  }

  @Test
  void dryRunSaysWhatWouldBeDone() throws IOException {
    execute("run", "--config", job(JOB), "--dry-run");

    assertThat(out.toString().lines())
        .endsWith(
            "Would read parquet in",
            "Would fit batch-norm to x where a = 1 and publish model m in models",
            "Would normalise x by batch-norm into y",
            "Would write parquet out (if it exists: fail)",
            "Would say in %s how the run ended".formatted(folder.resolve("status.json")));
  }

  @Test
  void dryRunNamesTheWindowOfPartitions() throws IOException {
    String window = "input { partition-by = day, window = 30 days }";
    execute("fit", "--config", job(JOB + window), "--dry-run");

    assertThat(out.toString().lines())
        .contains(
            "Would fit batch-norm to x where a = 1 in the newest 30 days, by partitions of day and"
                + " publish model m in models");
  }

  @Test
  void dryRunSaysWhatTheGroupsAre() throws IOException {
    execute("run", "--config", job(JOB), "--dry-run", "--set=features.group-by=[day, k]");

    assertThat(out.toString().lines())
        .contains(
            "Would fit batch-norm to x, one set of statistics for each day, k where a = 1 and"
                + " publish model m in models",
            "Would normalise x by batch-norm into y, by day, k (if a group was not fitted: fail)");
  }

  @Test
  void dryRunOfApplyNamesTheModelsVersion() throws IOException {
    execute("apply", "--config", job(JOB), "--dry-run", "--set", "store.version=3");

    assertThat(out.toString().lines())
        .contains("Would normalise x by model m in models, v=3 into y")
        .noneMatch(line -> line.startsWith("Would fit"));
  }

  @Test
  void settingsOfTheCommandLineWinOverTheFile() throws IOException {
    execute(
        "run",
        "--config",
        job(JOB),
        "--dry-run",
        "--set=norm.epsilon=1e-6",
        "--set",
        "output.path=@elsewhere");

    assertThat(out.toString()).contains("epsilon=1.0E-6", "Would write parquet @elsewhere");
  }

  @Test
  void mistakeInTheJobFileIsOneLineAndUsage() throws IOException {
    int status = execute("run", "--config", job(JOB + "norm.epsilonn = 1"));

    assertThat(status).isEqualTo(LeavingStatus.USAGE.number());
    assertThat(log.toString())
        .isEqualTo(
            "Unknown key norm.epsilonn at %s:6: did you mean norm.epsilon?\n"
                .formatted(folder.resolve("job.conf")));
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void effectiveConfigurationIsLoggedWithoutTheValuesOfOptions() throws IOException {
    failWith(JobException.data("Cannot go on: no data"), "run", "--config", job(JOB));

    assertThat(log.toString())
        .startsWith("Effective configuration:\n")
        .contains("password=\"***\"")
        .doesNotContain("hunter2");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DONE")
  void statusOfAJobExceptionIsTheStatusToLeaveWith(LeavingStatus leaving) throws IOException {
    JobException failure = new JobException(leaving, "Cannot go on: stop");

    assertThat(failWith(failure, "run", "--config", job(JOB))).isEqualTo(leaving.number());
    assertThat(log.toString()).endsWith("\nCannot go on: stop\n");
    assertThat(folder.resolve("status.json"))
        .content()
        .contains(
            "\"status\" : %d,".formatted(leaving.number()),
            "\"word\" : \"%s\"".formatted(leaving.word()),
            "\"reason\" : \"Cannot go on: stop\"")
        .doesNotContain("hunter2");
  }

  @Test
  void statusThatCannotBeWrittenChangesNothing() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    String job = job(JOB);
    String below = "run.status-path=" + folder.resolve("file/status.json");

    assertThat(
            failWith(
                JobException.data("Cannot go on: stop"), "run", "--config", job, "--set", below))
        .isEqualTo(LeavingStatus.DATA.number());
    assertThat(log.toString()).contains("Cannot write " + folder.resolve("file/status.json"));
  }

  @Test
  void jobExceptionOfATaskIsFoundInSparksException() throws IOException {
    SparkException failure =
        new SparkException("Job aborted", JobException.data("Cannot read column x: NaN"));

    assertThat(failWith(new IllegalStateException(failure), "fit", "--config", job(JOB)))
        .isEqualTo(LeavingStatus.DATA.number());
    assertThat(log.toString()).endsWith("\nCannot read column x: NaN\n");
  }

  @Test
  void anythingElseIsUnexpectedAndHasItsStackTrace() throws IOException {
    assertThat(failWith(new IllegalStateException("a bug"), "run", "--config", job(JOB)))
        .isEqualTo(LeavingStatus.UNEXPECTED.number());
    assertThat(log.toString())
        .endsWith("Unexpected failure\njava.lang.IllegalStateException: a bug\n");
  }

  @Test
  void jobFileThatIsNotThereIsUsage() {
    assertThat(execute("run", "--config", folder.resolve("none.conf").toString()))
        .isEqualTo(LeavingStatus.USAGE.number());
    assertThat(log.toString())
        .isEqualTo(
            "Cannot read %s: no such file, neither there nor among the files shipped with"
                    .formatted(folder.resolve("none.conf"))
                + " --files\n");
  }

  @Test
  void commandLineMistakesAreUsageWithASuggestion() throws IOException {
    assertThat(execute("runn", "--config", job(JOB))).isEqualTo(LeavingStatus.USAGE.number());
    assertThat(err.toString()).contains("Did you mean: sparknorm run");

    assertThat(execute("run", "--config", job(JOB), "--dryrun"))
        .isEqualTo(LeavingStatus.USAGE.number());
    assertThat(err.toString()).contains("Unknown option: '--dryrun'", "--dry-run");

    assertThat(execute()).isEqualTo(LeavingStatus.USAGE.number());
    assertThat(err.toString()).contains("Missing required subcommand");
  }

  @Test
  void functionsAreListedWithoutASession() {
    assertThat(execute("functions")).isZero();
    assertThat(out.toString()).isEqualTo(NormFunctions.describe()).contains("norm.layer_norm(x");
  }

  @Test
  void helpAndVersionArePrinted() {
    assertThat(execute("--help")).isZero();
    assertThat(out.toString()).contains("fit", "apply", "run");

    assertThat(execute("run", "--help")).isZero();
    assertThat(out.toString()).contains("--config=FILE", "--set=KEY=VALUE", "--dry-run");

    assertThat(execute("--version")).isZero();
    assertThat(out.toString()).contains("sparknorm " + ProductVersion.text());
    assertThat(ProductVersion.text()).matches("\\d+\\.\\d+\\.\\d+.*");
  }

  private int execute(String... arguments) {
    return execute(
        () -> {
          throw new AssertionError("no session is needed");
        },
        arguments);
  }

  private int failWith(RuntimeException failure, String... arguments) {
    return execute(
        () -> {
          throw failure;
        },
        arguments);
  }

  private int execute(Supplier<SparkSession> sessions, String... arguments) {
    CommandLine commandLine = new SparknormApp(sessions).commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }

  private String job(String text) throws IOException {
    String status = "\nrun.status-path = \"%s\"".formatted(folder.resolve("status.json"));
    return Files.writeString(folder.resolve("job.conf"), text + status).toString();
  }
}
