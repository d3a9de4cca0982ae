package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Jobs that publish to the same output, or the same model, at once. */
class TestRivals extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = ${dir}/out
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0, momentum = 0.5, momentum-convention = new-weight, running-variance = biased }
      store { path = ${dir}/store, model = m }
      """;
  private static final int RIVALS = 3;

  @BeforeEach
  void writeInput() {
    write("in", "SELECT id, array(float(id)) AS x FROM VALUES (1), (3) AS t(id)");
  }

  @RepeatedTest(2)
  void oneOfDifferentRunsPublishesAndTheOthersSaySo() throws Exception {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < RIVALS; i++) {
      jobs.add(JOB + "norm.weight = [%d]\n".formatted(i + 1));
    }

    List<LeavingStatus> statuses = runAtOnce(jobs);

    assertThat(statuses).containsOnlyOnce(LeavingStatus.DONE);
    assertThat(statuses).isSubsetOf(LeavingStatus.DONE, LeavingStatus.CONFLICT);
    int winner = statuses.indexOf(LeavingStatus.DONE) + 1;
    assertThat(json(output()))
        .containsExactly(
            "{\"id\":1,\"x\":[-%d.0]}".formatted(winner),
            "{\"id\":3,\"x\":[%d.0]}".formatted(winner));
    assertThat(version("m", 2)).doesNotExist();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @RepeatedTest(2)
  void attemptsAtOneRunPublishOnceAndApplyMomentumOnce() throws Exception {
    List<LeavingStatus> statuses = runAtOnce(List.of(JOB, JOB, JOB));

    assertThat(statuses).contains(LeavingStatus.DONE);
    assertThat(statuses).isSubsetOf(LeavingStatus.DONE, LeavingStatus.CONFLICT);
    assertThat(json(output())).containsExactly("{\"id\":1,\"x\":[-1.0]}", "{\"id\":3,\"x\":[1.0]}");
    assertThat(version("m", 2)).doesNotExist();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @RepeatedTest(2)
  void replacementsLeaveOneWholeResult() throws Exception {
    run(JOB);
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < RIVALS; i++) {
      jobs.add(JOB + "output.if-exists = replace\nnorm.weight = [%d]\n".formatted(i + 2));
    }

    assertThat(runAtOnce(jobs))
        .contains(LeavingStatus.DONE)
        .isSubsetOf(LeavingStatus.DONE, LeavingStatus.CONFLICT);
    assertThat(output().count()).isEqualTo(2);
    run(JOB.replace("${dir}/out", "${dir}/other")); // settles nothing of theirs
    assertThat(entries()).containsExactly("in", "other", "out", "store");
  }

  @Test
  void stagedFolderThatARivalRemovesAtTheEndIsNotPublishedEmpty() throws IOException {
    run(JOB);

    assertThat(
            refusalOnceStaged(
                "output.if-exists = replace", staged -> FileUtil.fullyDelete(staged.toFile())))
        .contains("another run published first");
    assertThat(output().count()).isEqualTo(2);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void fileBesideTheStagedPartitionsStopsThePublishing() throws IOException {
    String partitions = "output { if-exists = replace-partitions, partition-by = [id] }\n";
    run(JOB + partitions);

    assertThat(refusalOnceStaged(partitions, staged -> createFile(staged.resolve("part-9"))))
        .matches("Cannot replace partitions of .*/out: .*-staged-.*/part-9 is no partition by id");
    assertThat(json(output())).containsExactly("{\"x\":[-1.0],\"id\":1}", "{\"x\":[1.0],\"id\":3}");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  private static void createFile(Path file) {
    try {
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What another run says when a rival does something to what it is about to publish. */
  private String refusalOnceStaged(String settings, Consumer<Path> rival) {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    HaltingFileSystem.whenLookedFor(
        file -> {
          if (file.toUri().getPath().matches(".*sparknorm-staged-[^/]*/_SUCCESS")) {
            rival.accept(Path.of(file.getParent().toUri().getPath()));
          }
        });
    try {
      String job = JOB.replace("output.path = ", "output.path = \"halt:\"") + settings + "\n";
      return refusal(Command.RUN, job + "norm.weight = [2]", LeavingStatus.CONFLICT);
    } finally {
      HaltingFileSystem.whenLookedFor(file -> {});
    }
  }

  @Test
  void runsOfOneModelFollowEachOther() throws Exception {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < RIVALS; i++) {
      write("in" + i, "SELECT id, array(float(id + %d)) AS x FROM range(3)".formatted(i));
      jobs.add(JOB.replace("${dir}/in", "${dir}/in" + i).replace("${dir}/out", "${dir}/out" + i));
    }

    assertThat(runAtOnce(jobs)).containsOnly(LeavingStatus.DONE);

    double mean = 0;
    for (int version = 1; version <= RIVALS; version++) {
      JsonNode statistics = statistics("m", version);
      mean = 0.5 * mean + 0.5 * statistics.at("/mean/0").doubleValue();
      assertThat(statistics.at("/running_mean/0").doubleValue()).isEqualTo(mean);
      try (Stream<Path> files = Files.list(version("m", version))) {
        assertThat(files.filter(file -> !file.toString().endsWith(".crc"))).hasSize(3);
      }
    }
  }

  @Test
  @Tag("faults")
  void processesAreRivalsLikeThreads() throws Exception {
    String job =
        JOB.replace("${dir}", "DIR").replace("DIR/", "\"DIR/").replaceAll("(\"DIR/\\w+)", "$1\"");
    for (int round = 0; round < 3; round++) {
      List<JobProcess> processes = new ArrayList<>();
      for (int i = 0; i < RIVALS; i++) {
        processes.add(JobProcess.start(folder, job, List.of(), "run"));
      }

      List<Integer> statuses = new ArrayList<>();
      for (JobProcess process : processes) {
        statuses.add(process.left().status());
      }

      assertThat(statuses).contains(0).isSubsetOf(0, 5);
      assertThat(output().count()).isEqualTo(2);
      assertThat(version("m", 2)).doesNotExist();
      FileUtil.fullyDelete(folder.resolve("out").toFile());
      FileUtil.fullyDelete(folder.resolve("store").toFile());
    }
  }

  /** How each of the jobs leaves. */
  private List<LeavingStatus> runAtOnce(List<String> jobs) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(jobs.size());
    try {
      CyclicBarrier start = new CyclicBarrier(jobs.size());
      List<Future<LeavingStatus>> runs = new ArrayList<>();
      for (String job : jobs) {
        runs.add(
            pool.submit(
                () -> {
                  start.await();
                  return status(job);
                }));
      }

      List<LeavingStatus> statuses = new ArrayList<>();
      for (Future<LeavingStatus> run : runs) {
        statuses.add(run.get());
      }

      return statuses;
    } finally {
      pool.shutdownNow();
    }
  }

  private LeavingStatus status(String job) throws IOException {
    try {
      run(job);
      return LeavingStatus.DONE;
    } catch (Exception e) {
      return Failures.inTermsOfTheJob(e)
          .map(JobException::status)
          .orElseThrow(() -> new AssertionError("The user is told of a bug", e));
    }
  }
}
