package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.sparknorm.spark.ConditionalStore;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.output.Output;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Outputs where no folder can be renamed. */
class TestObjectStoreOutput extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = "s3a://bucket"${dir}/out
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = "s3a://bucket"${dir}/store, model = m }
      """;

  @BeforeEach
  void writeInput() {
    Configuration hadoop = spark().sparkContext().hadoopConfiguration();
    hadoop.set("fs.s3a.impl", ConditionalStore.class.getName());
    write("in", "SELECT id, array(CAST(id AS float)) AS x FROM VALUES (1), (3) AS t(id)");
  }

  @AfterEach
  void forgetStore() {
    ConditionalStore.beforeCreation(path -> {});
    spark().sparkContext().hadoopConfiguration().unset("fs.s3a.impl");
  }

  @Test
  void newPathIsCompleteWithSuccessAndIsRecognised() throws IOException {
    run(JOB);

    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(2);
    assertThat(run(JOB).lines().get(0)).contains("already published");
  }

  @Test
  void resultOfAnotherRunIsRefusedOrSkipped() throws IOException {
    run(JOB);

    String other = JOB + "norm.epsilon = 1\n";
    assertThat(refusal(Command.RUN, other, LeavingStatus.CONFLICT))
        .endsWith("not this run's (write to a new path, or set output.if-exists = skip)");
    assertThat(run(other + "output.if-exists = skip").lines().get(0)).contains("the output exists");
  }

  @ParameterizedTest
  @ValueSource(strings = {"replace", "replace-partitions"})
  void replacingIsRefused(String ifExists) throws IOException {
    assertThat(
            refusal(
                Command.RUN,
                JOB + "output { partition-by = [id], if-exists = " + ifExists + " }",
                LeavingStatus.USAGE))
        .isEqualTo(
            "Invalid output.if-exists: %s (s3a://bucket%s is on an object store, which cannot replace"
                    .formatted(ifExists, folder.resolve("out"))
                + " a folder atomically; write to a new path, such as one with {run}, or to a Delta"
                + " or Iceberg table)");
  }

  @Test
  void runThatWasKilledIsTakenOver() throws IOException {
    run(JOB);
    Path out = folder.resolve("out");
    Files.delete(out.resolve("_SUCCESS"));
    Files.move(out.resolve("_sparknorm.json"), out.resolve("_sparknorm-claim-1.json"));
    Files.createFile(out.resolve("part-00000-of-the-killed-attempt.parquet"));

    run(JOB);

    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(2);
    assertThat(version("m", 2)).doesNotExist();
  }

  @Test
  void runThatWasKilledWhenAllWasThereIsTidied() throws IOException {
    run(JOB);
    Path out = folder.resolve("out");
    Files.copy(out.resolve("_sparknorm.json"), out.resolve("_sparknorm-claim-1.json"));

    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
  }

  @Test
  void runThatWasKilledBeforeSuccessIsFinished() throws IOException {
    runAndBeKilledBeforeSuccess(1);
    Path written = Files.createFile(folder.resolve("out/_written"));

    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json", "_written");
    assertThat(written).exists();
  }

  @Test
  void runThatWasKilledBeforeSuccessIsTakenOverWhereAFileIsGone() throws IOException {
    runAndBeKilledBeforeSuccess(2);
    Path written = Files.createFile(folder.resolve("out/_written"));

    run(JOB);
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(written).doesNotExist();
    assertThat(output().count()).isEqualTo(2);
  }

  /** Leaves what a run does that is killed once it has said that all its files are there. */
  private void runAndBeKilledBeforeSuccess(int files) throws IOException {
    run(JOB);
    Path out = folder.resolve("out");
    String write = parts().get(0).replaceAll(".*-([0-9a-f-]{36})[.-].*", "$1");
    String said = Files.readString(out.resolve("_sparknorm.json")).replace("}", "");
    said += ", \"attempt\": \"killed\", \"names\": \"%s\"".formatted(write);
    Files.delete(out.resolve("_SUCCESS"));
    Files.delete(out.resolve("_sparknorm.json"));
    Files.writeString(out.resolve("_sparknorm-claim-1.json"), said + "}");
    Files.writeString(
        out.resolve("_sparknorm-claim-2.json"), said + ", \"files\": %d}".formatted(files));
  }

  @Test
  void attemptWhoseNumberAnotherHasTakenAnewLeavesItAlone() throws IOException {
    Output stalled = attempt();
    Output failing = attempt();
    Output last = attempt();
    stalled.stage(spark().range(2).toDF());
    failing.stage(spark().range(2).toDF());
    failing.discard();
    last.stage(spark().range(2).toDF());
    assertThat(hidden()).containsExactly("_sparknorm-claim-1.json");

    assertConflict(stalled::publish);
    stalled.discard();
    last.publish();

    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(2);
  }

  @Test
  void filesThatAreGoneAreMissedWhenTheRestIsPublished() throws IOException {
    Output output = attempt();
    output.stage(spark().range(2).repartition(2).toDF());
    Files.delete(folder.resolve("out").resolve(parts().get(0)));

    assertThatThrownBy(output::publish)
        .isInstanceOfSatisfying(
            JobException.class,
            refused -> assertThat(refused.status()).isEqualTo(LeavingStatus.TRY_AGAIN))
        .hasMessage(
            "Cannot publish output: of 2 files that this run has written to s3a://bucket%s/out 1 are"
                    .formatted(folder)
                + " left (start it again)");
    output.discard();
    assertThat(entries()).containsExactly("in");
  }

  /** While an attempt says that all is there, one that had taken over fails and removes all. */
  @Test
  void filesThatGoWhileTheyArePublishedAreMissed() throws IOException {
    Output output = attempt();
    output.stage(spark().range(2).toDF());
    beforeClaim(
        2,
        () -> {
          for (String name : names("")) {
            Files.delete(folder.resolve("out").resolve(name));
          }
        });

    assertConflict(output::publish);
    output.discard();
    assertThat(entries()).containsExactly("in");
  }

  /** While an attempt claims a path, another one has it under a higher number. */
  @Test
  void numberThatHasComeFreeIsNoClaim() throws IOException {
    Path out = folder.resolve("out");
    beforeClaim(
        1,
        () -> {
          Files.createDirectories(out);
          Files.writeString(out.resolve("_sparknorm-claim-2.json"), "{\"run_identity\":\"run\"}");
          Files.writeString(out.resolve("part-of-the-other"), "");
        });

    Output output = attempt();
    assertConflict(() -> output.stage(spark().range(2).toDF()));
    output.discard();
    assertThat(parts()).containsExactly("part-of-the-other");
  }

  /** An attempt at a run, always the same, that a test leads step by step. */
  private Output attempt() {
    OutputSpec spec = spec(Command.RUN, JOB).output().orElseThrow();
    return Output.of(spark(), spec, "run", "configuration-digest");
  }

  private static void assertConflict(ThrowableAssert.ThrowingCallable step) {
    assertThatThrownBy(step)
        .isInstanceOfSatisfying(
            JobException.class,
            refused -> assertThat(refused.status()).isEqualTo(LeavingStatus.CONFLICT))
        .hasMessageEndingWith("(another run published first)");
  }

  @Test
  void filesOfAnEarlierAttemptThatStillLivesAreNotPublished() throws IOException {
    Path out = folder.resolve("out");
    whenAJobStarts(
        () -> {
          String write = UUID.randomUUID().toString();
          Files.createFile(out.resolve("part-00000-%s-c000.zstd.parquet".formatted(write)));
        },
        () ->
            assertThat(refusal(Command.RUN, JOB, LeavingStatus.TRY_AGAIN))
                .contains("another attempt at this run has written to s3a://bucket" + out));

    assertThat(entries()).containsExactly("in");
    run(JOB);
    assertThat(output().count()).isEqualTo(2);
  }

  @Test
  void attemptWhoseClaimIsRemovedLeavesNothing() throws IOException {
    Path claim = folder.resolve("out/_sparknorm-claim-1.json");
    whenAJobStarts(
        () -> Files.deleteIfExists(claim),
        () ->
            assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT))
                .endsWith("(another run published first)"));

    assertThat(entries()).containsExactly("in");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fail", "skip"})
  void claimOfAnotherRunIsRespected(String ifExists) throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("_sparknorm-claim-3.json"), "{\"run_identity\":\"other\"}");

    assertThat(refusal(Command.RUN, JOB + "output.if-exists = " + ifExists, LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot write output: s3a://bucket%s has no _SUCCESS and is not this run's (let the run"
                    .formatted(out)
                + " that writes to it end; if there is none, remove the folder, or add _SUCCESS to"
                + " what is complete)");
    assertThat(hidden()).containsExactly("_sparknorm-claim-3.json");
  }

  @Test
  void attemptThatIsTakenOverPublishesNothingAndRemovesItsOwnFilesAlone() throws IOException {
    assumeThat(spark().version()).as("files have names of their own").isGreaterThan("4");
    Path out = folder.resolve("out");
    Path other = out.resolve("part-00000-%s-c000.parquet".formatted(UUID.randomUUID()));
    whenAJobStarts(
        () -> {
          Files.writeString(out.resolve("_sparknorm-claim-2.json"), "{}");
          Files.writeString(other, "");
        },
        () ->
            assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT))
                .endsWith("appeared while this run was under way (another run published first)"));

    assertThat(hidden()).containsExactly("_sparknorm-claim-1.json", "_sparknorm-claim-2.json");
    assertThat(parts()).containsExactly(other.getFileName().toString());

    assertThat(folder.resolve("store")).doesNotExist();
  }

  @Test
  void failedRunLeavesNothing() throws IOException {
    write("faulty", "SELECT 1 AS id, array(1F, 2F) AS x");

    refusal(
        Command.RUN,
        JOB + "input { path = ${dir}/faulty, where = \"false\" }\nnorm.type = layer-norm",
        LeavingStatus.DATA);

    assertThat(entries()).containsExactly("faulty", "in");
  }

  private interface Rival {
    void act() throws IOException;
  }

  /** Has a rival act whenever Spark starts a job while the output is there. */
  private void whenAJobStarts(Rival rival, Runnable check) {
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            try {
              if (Files.exists(folder.resolve("out"))) {
                rival.act();
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    spark().sparkContext().addSparkListener(listener);
    try {
      check.run();
    } finally {
      spark().sparkContext().removeSparkListener(listener);
    }
  }

  /** Has a rival act once, just before a claim is made. */
  private void beforeClaim(int number, Rival rival) {
    ConditionalStore.beforeCreation(
        path -> {
          if (path.getName().equals("_sparknorm-claim-%d.json".formatted(number))) {
            try {
              rival.act();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
  }

  /** The names in the output that readers pass over. */
  private List<String> hidden() throws IOException {
    return names("_");
  }

  private List<String> parts() throws IOException {
    return names("part-");
  }

  private List<String> names(String start) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(start))
          .sorted()
          .toList();
    }
  }
}
