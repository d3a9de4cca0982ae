package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.ConditionalStore;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
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
    spark().sparkContext().hadoopConfiguration().unset("fs.s3a.impl");
  }

  @Test
  void newPathIsCompleteWithSuccessAndIsRecognised() throws IOException {
    run(JOB);

    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(2);
    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(refusal(Command.RUN, JOB + "norm.epsilon = 1", LeavingStatus.CONFLICT))
        .contains("exists and is not this run's");
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
    run(JOB);
    Path out = folder.resolve("out");
    String identity = Files.readString(out.resolve("_sparknorm.json")).replace("}", "");
    Files.delete(out.resolve("_SUCCESS"));
    Files.move(out.resolve("_sparknorm.json"), out.resolve("_sparknorm-claim-1.json"));
    Files.writeString(
        out.resolve("_sparknorm-claim-2.json"), identity + ", \"complete\": \"true\"}");
    Path written = Files.createFile(out.resolve("_written"));

    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json", "_written");
    assertThat(written).exists();
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

  @Test
  void claimOfAnotherRunIsRespected() throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("_sparknorm-claim-3.json"), "{\"run_identity\":\"other\"}");

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT)).contains("is not this run's");
    assertThat(hidden()).containsExactly("_sparknorm-claim-3.json");
  }

  @Test
  void attemptThatIsTakenOverPublishesNothingAndRemovesItsOwnFilesAlone() throws IOException {
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
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("part-")))
          .containsExactly(other);
    }

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

  /** The names in the output that readers pass over. */
  private List<String> hidden() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("_"))
          .sorted()
          .toList();
    }
  }
}
