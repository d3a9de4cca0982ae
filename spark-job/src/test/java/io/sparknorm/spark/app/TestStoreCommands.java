package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Versions that jobs have published, added, subtracted and sorted out on the command line. */
class TestStoreCommands extends JobTest {
  private static final String JOB =
      """
      input.table = records
      output.path = ${dir}/out
      features { column = x, shape = [3] }
      norm { type = batch-norm }
      store { path = ${dir}/store, model = daily }
      """;

  /** What a process would print, and leave with. */
  private record Left(int status, String out) {}

  private Left sparknorm(String command, String... arguments) {
    StringWriter out = new StringWriter();
    CommandLine commandLine =
        new SparknormApp(
                () -> {
                  throw new AssertionError("no session is needed");
                })
            .commandLine()
            .setOut(new PrintWriter(out, true));
    List<String> all = new ArrayList<>(List.of(command, "--store", folder + "/store"));
    all.addAll(List.of(arguments));
    return new Left(commandLine.execute(all.toArray(String[]::new)), out.toString());
  }

  private void records(String condition) {
    spark()
        .sql(
            """
            SELECT day, transform(sequence(1, 3), i -> float(sin(id * 7 + i) * power(10, id %% 9)))
              AS x FROM (SELECT id, id %% 30 + 1 AS day FROM range(600)) WHERE %s
            """
                .formatted(condition))
        .createOrReplaceTempView("records");
  }

  private void assertSameBytes(String found, String expected) throws IOException {
    assertThat(payload(found, 1, "moments")).isEqualTo(payload(expected, 1, "moments"));
    assertThat(payload(found, 1, "stats")).isEqualTo(payload(expected, 1, "stats"));
  }

  @Test
  void thirtyDaysMergedAndOneSubtractedHaveTheBytesOfSingleFits() throws IOException {
    for (int day = 1; day <= 30; day++) {
      records("day = " + day);
      fit(JOB);
    }

    records("true");
    fit(JOB + "store.model = thirty");
    records("day >= 2");
    fit(JOB + "store.model = later");

    assertThat(sparknorm("merge", "--into", "month", "daily@1..30"))
        .isEqualTo(new Left(0, "sparknorm merge: done\n  model: month v=1\n"));
    assertThat(sparknorm("merge", "--into", "month", "daily@30", "daily@1..29"))
        .isEqualTo(
            new Left(
                0,
                "sparknorm merge: this is already published, nothing to do\n"
                    + "  model: month v=1\n"));
    assertThat(sparknorm("subtract", "--into", "rest", "month@latest", "daily@1"))
        .isEqualTo(new Left(0, "sparknorm subtract: done\n  model: rest v=1\n"));

    assertSameBytes("month", "thirty");
    assertSameBytes("rest", "later");
    assertThat(manifest("rest", 1).at("/input/kind").textValue()).isEqualTo("versions");
    assertThat(manifest("rest", 1).at("/input/versions/1/part").textValue())
        .isEqualTo("subtracted");
    assertThat(manifest("rest", 1).at("/counts/records").intValue()).isEqualTo(580);
  }

  @Test
  void whatWasNeverAPartIsRefusedAndNothingIsWritten() throws IOException {
    records("day <= 3");
    fit(JOB);
    records("day = 4");
    fit(JOB);

    assertThat(sparknorm("subtract", "--into", "rest", "daily@2", "daily@1"))
        .isEqualTo(new Left(LeavingStatus.DATA.number(), ""));
    assertThat(folder.resolve("store/rest")).doesNotExist();
  }

  @Test
  void versionsTellWhereTheyComeFromAndPruningKeepsWhatIsNeeded() throws IOException {
    for (int day = 1; day <= 5; day++) {
      records("day = " + day);
      fit(JOB);
    }

    assertThat(sparknorm("alias", "daily@production", "2"))
        .isEqualTo(new Left(0, "sparknorm alias: daily@production is daily v=2\n"));
    assertThat(sparknorm("alias", "daily@canary", "production").out())
        .isEqualTo("sparknorm alias: daily@canary is daily v=2\n");
    assertThat(sparknorm("merge", "--into", "sum", "daily@production", "daily@latest").status())
        .isZero();

    List<String> table = sparknorm("versions").out().lines().toList();
    assertThat(table.get(0))
        .matches("MODEL +VERSION +ALIASES +CREATED +NORM +RECORDS +PARENT +DIGEST +INPUT");
    assertThat(table).hasSize(7);
    assertThat(table.get(2))
        .matches(
            "daily +2 +canary,production +20[-0-9]+T[:0-9]+Z +batch-norm +20 +1 +[0-9a-f]{12}"
                + " +records");
    assertThat(table.get(6)).endsWith("  merge of daily v=2, daily v=5");
    assertThat(sparknorm("versions", "sum").out().lines()).hasSize(2);

    assertThat(sparknorm("prune", "--keep", "1", "--dry-run", "daily").out())
        .isEqualTo("sparknorm prune: would remove v=3 of daily\n");
    assertThat(version("daily", 3)).exists();
    assertThat(sparknorm("prune", "--keep", "1", "daily"))
        .isEqualTo(new Left(0, "sparknorm prune: removed v=3 of daily\n"));
    assertThat(version("daily", 3)).doesNotExist();

    assertThat(sparknorm("alias", "--remove", "daily@canary").out())
        .isEqualTo("sparknorm alias: daily@canary is removed; it was daily v=2\n");
    assertThat(sparknorm("prune", "--keep", "1", "daily").out())
        .isEqualTo("sparknorm prune: removed no version of daily\n");
  }

  @Test
  void jobsApplyTheVersionOfAnAlias() throws IOException {
    records("day <= 3");
    fit(JOB);
    records("day > 3");
    fit(JOB);
    sparknorm("alias", "daily@production", "1");
    spark().sql("SELECT 1 AS id, array(1f, 2f, 3f) AS x").createOrReplaceTempView("records");

    assertThat(apply(JOB + "store.version = production").lines()).contains("  model: daily v=1");
    assertThat(
            refusal(
                io.sparknorm.spark.config.Command.APPLY,
                JOB + "store.version = canary",
                LeavingStatus.USAGE))
        .isEqualTo("Cannot find daily@canary: there is no such alias (aliases are: [production])");
  }

  @Test
  void mistakesAreUsageErrors() throws IOException {
    records("day <= 2");
    fit(JOB);

    for (String mistake :
        List.of(
            "merge --into a/b daily@1",
            "merge --into sum daily",
            "merge --into sum daily@1.5",
            "merge --into sum daily@3..1",
            "merge --into sum daily@1..2",
            "merge --into sum",
            "subtract --into sum daily@1",
            "alias daily@3 1",
            "alias daily@production",
            "alias --remove daily@production",
            "alias --remove daily@production 1",
            "prune daily",
            "prune --keep 0 daily",
            "prune --keep 1 nobody",
            "versions a/b")) {
      List<String> words = List.of(mistake.split(" "));
      Left left = sparknorm(words.get(0), words.subList(1, words.size()).toArray(String[]::new));

      assertThat(left).as(mistake).isEqualTo(new Left(LeavingStatus.USAGE.number(), ""));
    }

    assertThat(folder.resolve("store").toFile().list()).containsExactly("daily");
    assertThat(folder.resolve("store/daily").toFile().list()).containsExactly("v=1");
  }
}
