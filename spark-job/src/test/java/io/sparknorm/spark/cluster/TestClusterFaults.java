package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.cluster.Cluster.DeployMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Things that break while a job runs on a cluster. Whatever it is, a reader sees nothing or a
 * complete result, and the job, or the same job started again, gives what an undisturbed one gives.
 */
@Tag("faults")
class TestClusterFaults extends ClusterTest {
  private static final String READING_THE_FOURTH_FILE = "part-00003.*parquet$";
  private static final String A_STAGED_FILE = "/_temporary/.*/part-.*parquet$";
  private static final String A_COMMITTED_TASK = "/_temporary/0/task_\\d+_\\d+_m_\\d+$";
  private static final String THE_STAGING_FOLDER = "/_out\\.sparknorm-staged-.+/_temporary/0$";

  private static final String[] PUBLISHED = {
    "_out.run-status.json", "in", "job.conf", "out", "store"
  };

  private static final Map<String, String> SPECULATION =
      Map.of(
          "spark.speculation", "true",
          "spark.speculation.interval", "100ms",
          "spark.speculation.quantile", "0.5",
          "spark.speculation.minTaskRuntime", "500ms");

  @TempDir static Path home;
  private static Cluster cluster;
  private static Results expected;

  private String jobFile;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = Cluster.start(home);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void writeJob() throws IOException {
    if (expected == null) {
      assertDone(cluster.submitLocally(NO_SETTINGS, "run", "--config", job("undisturbed")));
      expected = results("undisturbed");
    }

    job("job");
    Path root = folder.resolve("job");
    jobFile =
        Files.writeString(root.resolve("job.conf"), JOB.replace("${root}", "trap:" + root))
            .toString();
  }

  @ParameterizedTest
  @CsvSource({
    "open, " + READING_THE_FOURTH_FILE,
    "create, " + A_STAGED_FILE,
    "rename, " + A_COMMITTED_TASK
  })
  void executorKilledDuringFitApplyOrCommitIsReplaced(String operation, String path)
      throws IOException {
    Trap trap = Trap.holdingUp(folder, operation, path);
    Jvm submission = submit(trap);
    ProcessHandle executor = trap.caught();
    assertThat(cluster.executors()).contains(executor);
    assertNothingIsPublished();
    executor.destroyForcibly();

    assertDone(submission);
    assertResultsAreAsExpected();
    assertRunAgainIsDoneAlready();
  }

  @Test
  void workerKilledDuringFitIsDoneWithout() throws IOException {
    Trap trap = Trap.holdingUp(folder, "open", READING_THE_FOURTH_FILE);
    Jvm submission = submit(trap);
    ProcessHandle executor = trap.caught();
    Jvm worker =
        cluster.workers().stream()
            .filter(candidate -> candidate.children().contains(executor))
            .findFirst()
            .orElseThrow();
    try {
      worker.kill();

      assertDone(submission);
      assertThat(executor.isAlive()).isFalse();
      assertResultsAreAsExpected();
    } finally {
      cluster.replace(worker);
    }
  }

  @Test
  void taskThatFailsThreeTimesIsTriedAFourthTime() throws IOException {
    Trap trap = Trap.failing(folder, "open", READING_THE_FOURTH_FILE, 3);
    assertDone(submit(trap));

    assertThat(trap.catches()).isEqualTo(3);
    assertResultsAreAsExpected();
  }

  @Test
  void writerThatFailsThreeTimesIsTriedAFourthTime() throws IOException {
    Trap trap = Trap.failing(folder, "create", "/_temporary/.*/part-00003.*parquet$", 3);
    assertDone(submit(trap));

    assertThat(trap.catches()).isEqualTo(3);
    assertResultsAreAsExpected();
  }

  @Test
  void taskThatFailsTooOftenPublishesNothing() throws IOException {
    Trap trap = Trap.failing(folder, "create", "/_temporary/.*/part-00003.*parquet$", 3);
    Jvm submission = submit(DeployMode.CLIENT, trap, Map.of("spark.task.maxFailures", "3"));

    assertThat(told(submission)).contains("Cannot go on: IOException: Trapped create of trap:");
    assertNothingIsPublished();
    assertRunAgainGivesTheResults();
  }

  @ParameterizedTest
  @CsvSource({"open, " + READING_THE_FOURTH_FILE, "create, " + A_STAGED_FILE})
  void stuckTaskIsOvertakenByItsSpeculativeCopy(String operation, String path) throws IOException {
    Trap trap = Trap.holdingUp(folder, operation, path);
    Jvm submission = submit(DeployMode.CLIENT, trap, SPECULATION);

    assertDone(submission);
    assertThat(trap.catches()).isOne();
    assertResultsAreAsExpected();
  }

  @Test
  void shuffleFilesDeletedAreMadeAgain() throws IOException {
    Trap trap = Trap.holdingUp(folder, "open", "part-00007.*parquet$");
    Jvm submission = submit(trap);
    trap.caught();
    submission.awaitLine("(Finished task \\d+.0 in stage 1.0 .* \\(7/8\\))");
    assertThat(deleteShuffleFiles()).isPositive();
    trap.open();
    assertDone(submission);
    assertThat(submission.output()).contains("FetchFailed");
    assertResultsAreAsExpected();
  }

  @ParameterizedTest
  @CsvSource({
    "CLIENT, rename, /_sparknorm.json$",
    "CLIENT, rename, /out$",
    "CLUSTER, rename, /out$",
    "CLIENT, create, /\\.stats-",
    "CLIENT, rename, /manifest.json$",
    "CLUSTER, rename, /manifest.json$"
  })
  void driverKilledWhilePublishingIsStartedAgain(DeployMode mode, String operation, String path)
      throws IOException {
    Trap trap = Trap.holdingUp(folder, operation, path);
    Jvm submission = submit(mode, trap, NO_SETTINGS);
    ProcessHandle driver = trap.caught();
    boolean outputIsPublished = !path.contains("out") && !path.contains("sparknorm");
    assertThat(Files.exists(at("out/_SUCCESS"))).isEqualTo(outputIsPublished);
    assertThat(Files.exists(at("out"))).isEqualTo(outputIsPublished);
    assertThat(at("store/m/v=1/manifest.json")).doesNotExist();
    driver.destroyForcibly();
    submission.await();

    assertRunAgainGivesTheResults();
    assertThat(names("")).containsExactly(PUBLISHED);
    assertThat(names("store/m")).containsExactly("v=1");
  }

  @Test
  void driverKilledWhileItTellsHowItEndedLeavesNothingAfterTheNextRun() throws IOException {
    Trap trap = Trap.holdingUp(folder, "rename", "/_out.run-status.json$");
    Jvm submission = submit(trap);
    ProcessHandle driver = trap.caught();
    driver.destroyForcibly();
    submission.await();
    assertResultsAreAsExpected();
    assertThat(names("")).hasSize(5).contains("in", "job.conf", "out", "store");

    assertRunAgainIsDoneAlready();
    assertThat(names("")).containsExactly(PUBLISHED);
  }

  @Test
  void inputDeletedBetweenThePassesIsTold() throws IOException {
    Path file = inputFile("part-00003");
    byte[] content = Files.readAllBytes(file);
    assertThat(submitAndChangeInput(() -> Files.delete(file)))
        .contains("Cannot publish: the input changed while it was read (trap:" + file);
    assertNothingIsPublished();

    Files.write(file, content);
    assertRunAgainGivesTheResults();
  }

  @Test
  void inputReplacedBetweenThePassesIsTold() throws IOException {
    Path file = inputFile("part-00003");
    byte[] content = Files.readAllBytes(file);
    byte[] other = Files.readAllBytes(inputFile("part-00005"));
    assertThat(submitAndChangeInput(() -> Files.write(file, other)))
        .contains("Cannot publish: the input changed while it was read (trap:" + file);
    assertNothingIsPublished();

    Files.write(file, content);
    assertRunAgainGivesTheResults();
  }

  private interface Change {
    void make() throws IOException;
  }

  /** Changes the input when it is read for the second time; gives what the job says of it. */
  private String submitAndChangeInput(Change change) throws IOException {
    Trap trap = Trap.holdingUp(folder, "mkdirs", THE_STAGING_FOLDER);
    Jvm submission = submit(trap);
    trap.caught();
    change.make();
    trap.open();
    return told(submission);
  }

  /** The line that the user is told by a job that is to be tried again, and no stack trace. */
  private static String told(Jvm submission) {
    assertThat(submission.await()).isEqualTo(LeavingStatus.TRY_AGAIN.number());
    String told =
        submission.output().substring(submission.output().lastIndexOf("ERROR SparknormApp"));
    assertThat(told).doesNotContain("\tat ");
    return told.lines().findFirst().orElseThrow();
  }

  private Jvm submit(Trap trap) throws IOException {
    return submit(DeployMode.CLIENT, trap, NO_SETTINGS);
  }

  private Jvm submit(DeployMode mode, Trap trap, Map<String, String> more) throws IOException {
    Map<String, String> settings = new TreeMap<>(trap.settings());
    settings.putAll(more);
    return cluster.submit(mode, settings, "run", "--config", jobFile);
  }

  private Jvm submitAgain() throws IOException {
    Trap unsprung = Trap.holdingUp(folder.resolve("again"), "open", "nowhere");
    return submit(unsprung);
  }

  private void assertRunAgainGivesTheResults() throws IOException {
    assertDone(submitAgain());
    assertResultsAreAsExpected();
  }

  private void assertRunAgainIsDoneAlready() throws IOException {
    Jvm again = submitAgain();
    assertDone(again);
    assertThat(again.output()).contains("this run is already published, nothing to do");
    assertResultsAreAsExpected();
  }

  private void assertResultsAreAsExpected() throws IOException {
    assertThat(results("job")).isEqualTo(expected);
    assertThat(names("store/m")).containsExactly("v=1");
  }

  private void assertNothingIsPublished() {
    assertThat(at("out")).doesNotExist();
    assertThat(at("store/m/v=1/manifest.json")).doesNotExist();
  }

  private static int deleteShuffleFiles() throws IOException {
    List<Path> shuffled;
    try (Stream<Path> files = Files.walk(cluster.scratch())) {
      shuffled =
          files.filter(file -> file.getFileName().toString().matches("shuffle_.*data")).toList();
    }

    for (Path file : shuffled) {
      Files.delete(file);
    }

    return shuffled.size();
  }

  private Path inputFile(String name) throws IOException {
    try (Stream<Path> files = Files.list(at("in"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(name))
          .findFirst()
          .orElseThrow();
    }
  }

  private List<String> names(String under) throws IOException {
    try (Stream<Path> files = Files.list(at(under))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Path at(String name) {
    return folder.resolve("job").resolve(name);
  }
}
