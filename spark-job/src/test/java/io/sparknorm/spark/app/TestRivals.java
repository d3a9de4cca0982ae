package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that publish to the same output, or the same model, at once. */
class TestRivals extends JobTest {
  /** So often does a run look whether the result that it replaces is there, before it does so. */
  private static final int LOOKS_AT_THE_OLD_RESULT = 1;

  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = ${dir}/out
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0, momentum = 0.5, momentum-convention = new-weight, running-variance = biased }
      store { path = ${dir}/store, model = m }
      """;
  private static final String PARTITIONS =
      halting(JOB) + "output { if-exists = replace-partitions, partition-by = [id] }\n";
  private static final String WEIGHT = "norm.weight = [%d]\n";
  private static final int RIVALS = 3;

  /** Of a rival: who comes too late, and who is put out while it publishes. */
  private static final List<LeavingStatus> ENDINGS =
      List.of(LeavingStatus.DONE, LeavingStatus.CONFLICT, LeavingStatus.TRY_AGAIN);

  @BeforeEach
  void writeInput() {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    write("in", "SELECT id, array(float(id)) AS x FROM VALUES (1), (3) AS t(id)");
  }

  @AfterEach
  void leaveAlone() {
    HaltingFileSystem.whenLookedFor(file -> {});
    HaltingFileSystem.whenRenamed(file -> {});
    HaltingFileSystem.refuseToDelete("");
  }

  @RepeatedTest(2)
  void oneOfDifferentRunsPublishesAndTheOthersSaySo() throws Exception {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < RIVALS; i++) {
      jobs.add(JOB + "norm.weight = [%d]\n".formatted(i + 1));
    }

    List<LeavingStatus> statuses = runAtOnce(jobs);

    assertThat(statuses).containsOnlyOnce(LeavingStatus.DONE).isSubsetOf(ENDINGS);
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

    assertThat(statuses).contains(LeavingStatus.DONE).isSubsetOf(ENDINGS);
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

    assertThat(runAtOnce(jobs)).contains(LeavingStatus.DONE).isSubsetOf(ENDINGS);
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
        .matches(
            "Cannot replace partitions of .*/out: .*-publishing/.*/part-9 is no partition by id");
    assertThat(json(output())).containsExactly("{\"x\":[-1.0],\"id\":1}", "{\"x\":[1.0],\"id\":3}");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void temporaryFilesOfALateTaskAreNotPublished() throws IOException {
    whenLookedFor(
        ".*sparknorm-staged-.*/_SUCCESS",
        staged -> createFile(staged.resolveSibling("_temporary/0/task/part-9")));

    run(halting(JOB));
    assertThat(folder.resolve("out/_temporary")).doesNotExist();
    assertThat(output().count()).isEqualTo(2);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  /** Behind an underscore alone, what has = in its name would be one of the partitions. */
  @Test
  void readersOfTheFolderAboveSeeWhatIsPublishedAlone() throws IOException {
    String job = halting(JOB).replace("/out", "\"/out/day=1\"");
    String next = job.replace("day=1", "day=2");
    run(job);
    tellOfTheEnd(job);
    List<String> seen = new ArrayList<>();
    whenLookedFor(
        ".*sparknorm-staged-.*/_SUCCESS",
        once(() -> seen.addAll(sorted(output().select("id", "day").toJSON().collectAsList()))));

    run(next);
    tellOfTheEnd(next);
    assertThat(seen).containsExactly("{\"id\":1,\"day\":1}", "{\"id\":3,\"day\":1}");
    assertThat(output().columns()).containsExactly("id", "x", "day");
    assertThat(output().count()).isEqualTo(4);
    assertThat(folder.resolve("out").toFile().list())
        .containsExactlyInAnyOrder(
            ".day=1.run-status.json", ".day=2.run-status.json", "day=1", "day=2");
  }

  /** Writes the file that a process writes last. */
  private void tellOfTheEnd(String job) throws IOException {
    JobSpec spec = spec(Command.RUN, job);
    Progress progress = new Progress();
    new RunStatus(spec, LeavingStatus.DONE, "done", progress)
        .write(
            spec.statusPath(progress.date()).orElseThrow(),
            spark().sparkContext().hadoopConfiguration());
  }

  private static List<String> sorted(List<String> records) {
    return records.stream().sorted().toList();
  }

  /** What a rival publishes when the run is about to move something stays as it is. */
  @ParameterizedTest
  @CsvSource({
    "'', replace-partitions, 3",
    "/_sparknorm.json, replace-partitions, 3",
    "/id=1, replace-partitions, 3",
    "/id=3, replace-partitions, 3",
    "/_SUCCESS, replace-partitions, 3",
    "/id=3, replace-partitions, 2", // another attempt at the same run
    "'', replace, 3",
    "/_sparknorm.json, replace, 3",
    "/id=1, replace, 3",
    "/id=3, replace, 3",
    "/_SUCCESS, replace, 3"
  })
  void partitionsThatARivalPublishesMeanwhileAreNotMixed(String place, String ifExists, int weight)
      throws IOException {
    run(PARTITIONS);
    String rival = PARTITIONS + WEIGHT.formatted(weight) + "output.if-exists = " + ifExists;
    whenLookedFor(
        ".*/out" + place,
        onceEntered(
            () -> {
              run(rival);
              return null;
            }));

    assertThat(refusal(Command.RUN, PARTITIONS + WEIGHT.formatted(2), LeavingStatus.TRY_AGAIN))
        .isEqualTo(
            "Cannot publish output: another run has begun to publish to halt:%s/out (start this"
                    .formatted(folder)
                + " one again once that has ended)");
    assertPartitionsAreOf(weight);
    assertThat(run(rival).lines().get(0)).contains("already published");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void runThatGoesOnWhileARivalReplacesPartitionsMovesNothing() throws Exception {
    run(PARTITIONS);
    String rival = PARTITIONS + WEIGHT.formatted(3);
    whileARivalReplaces(
        rival,
        start -> whenLookedFor(".*/out/id=1", start),
        () -> refusal(Command.RUN, PARTITIONS + WEIGHT.formatted(2), LeavingStatus.TRY_AGAIN));

    assertPartitionsAreOf(3);
    assertThat(run(rival).lines().get(0)).contains("already published");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  /**
   * Carries something out, in the course of which a rival replaces partitions. It has taken the
   * marker out by then, and waits for the end of that before it puts its own there.
   *
   * @param when has the rival start, and waits until it has come so far
   */
  private void whileARivalReplaces(
      String rival, Consumer<Consumer<Path>> when, Callable<?> something) throws Exception {
    CountDownLatch rivalHasReplaced = new CountDownLatch(1);
    CountDownLatch isDone = new CountDownLatch(1);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      List<Future<Summary>> published = new ArrayList<>();
      Consumer<Path> pause =
          once(
              () -> {
                rivalHasReplaced.countDown();
                return isDone.await(5, TimeUnit.MINUTES);
              });
      when.accept(
          once(
              () -> {
                whenLookedFor(".*/out/_SUCCESS", pause);
                published.add(other.submit(() -> run(rival)));
                return rivalHasReplaced.await(5, TimeUnit.MINUTES);
              }));

      something.call();
      isDone.countDown();
      published.get(0).get();
    } finally {
      other.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void resultThatAThirdRunHasRemovedIsNotTakenForPublished(boolean replacesARun) throws Exception {
    String job = halting(JOB) + "output.if-exists = replace\n";
    if (replacesARun) {
      run(job);
    } else {
      write("out", "SELECT 0 AS id");
    }
    String rival = job + WEIGHT.formatted(3);

    whileAThirdRunSettles(
        rival,
        this::afterTheLookAtTheOldResult,
        path -> path.endsWith("out"),
        this::refuseAThirdRun,
        () -> refusal(Command.RUN, job + WEIGHT.formatted(2), LeavingStatus.TRY_AGAIN));

    run(rival);
    assertThat(json(output())).containsExactly("{\"id\":1,\"x\":[-3.0]}", "{\"id\":3,\"x\":[3.0]}");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void resultThatAThirdRunHasRemovedIsNotTakenForPublishedOnceThatHasPublished() throws Exception {
    write("other", "SELECT id, array(float(id)) AS x FROM VALUES (5), (7) AS t(id)");
    String job = PARTITIONS + "output.if-exists = replace\n";
    run(job);
    String rival = job + WEIGHT.formatted(3);

    whileAThirdRunSettles(
        rival,
        this::afterTheLookAtTheOldResult,
        path -> path.endsWith("out"),
        () -> run(PARTITIONS.replace("/in", "/other")),
        () -> refusal(Command.RUN, job + WEIGHT.formatted(2), LeavingStatus.TRY_AGAIN));

    assertThat(output().count()).isEqualTo(4);
    run(rival);
    assertPartitionsAreOf(3);
    assertThat(entries()).containsExactly("in", "other", "out", "store");
  }

  private void afterTheLookAtTheOldResult(Consumer<Path> act) {
    AtomicInteger looks = new AtomicInteger();
    whenLookedFor(
        ".*/out",
        out -> {
          if (isEntered() && looks.incrementAndGet() == LOOKS_AT_THE_OLD_RESULT + 1) {
            act.accept(out);
          }
        });
  }

  private String refuseAThirdRun() {
    return refusal(Command.RUN, halting(JOB) + WEIGHT.formatted(4), LeavingStatus.CONFLICT);
  }

  @Test
  void partitionsThatAThirdRunHasRemovedAreNotTakenForPublished() throws Exception {
    run(PARTITIONS);
    String rival = PARTITIONS + WEIGHT.formatted(3);
    AtomicInteger partitions = new AtomicInteger();

    whileAThirdRunSettles(
        rival,
        start -> whenLookedFor(".*/out/id=1", whileEntered(start)),
        path -> path.getParent().endsWith("out") && partitions.incrementAndGet() == 2,
        this::refuseAThirdRun,
        () -> refusal(Command.RUN, PARTITIONS + WEIGHT.formatted(2), LeavingStatus.TRY_AGAIN));

    assertThat(folder.resolve("out/_sparknorm.json")).doesNotExist();
    run(rival);
    assertPartitionsAreOf(3);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  /**
   * Carries something out that sets aside what a rival has just moved in. A third run, which finds
   * that and the old result aside, takes the one that went last for the newer.
   *
   * @param when has the rival start, and waits until it has moved all in
   * @param isLast whether what has got its new name is what the rival moves in last
   * @param third what that run does
   */
  private void whileAThirdRunSettles(
      String rival,
      Consumer<Consumer<Path>> when,
      Predicate<Path> isLast,
      Callable<?> third,
      Callable<?> something)
      throws Exception {
    CountDownLatch rivalHasReplaced = new CountDownLatch(1);
    CountDownLatch isSettled = new CountDownLatch(1);
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      List<Future<String>> told = new ArrayList<>();
      Consumer<Path> pause =
          once(
              () -> {
                rivalHasReplaced.countDown();
                return isSettled.await(5, TimeUnit.MINUTES);
              });
      Consumer<Path> settle =
          once(
              () -> {
                try {
                  third.call();
                  // As Ozone does to a folder that it renames.
                  return folder.resolve("out").toFile().setLastModified(System.currentTimeMillis());
                } finally {
                  isSettled.countDown();
                }
              });
      when.accept(
          once(
              () -> {
                HaltingFileSystem.whenRenamed(
                    renamed -> {
                      Path path = Path.of(renamed.toUri().getPath());
                      if (rivalHasReplaced.getCount() > 0) {
                        if (isLast.test(path)) {
                          pause.accept(path);
                        }
                      } else if (path.toString().matches(".*-(replaced|partitions)-.*")) {
                        settle.accept(path);
                      }
                    });
                told.add(other.submit(() -> refusal(Command.RUN, rival, LeavingStatus.TRY_AGAIN)));
                return rivalHasReplaced.await(5, TimeUnit.MINUTES);
              }));

      something.call();
      assertThat(told.get(0).get()).contains("another run has begun to publish");
    } finally {
      other.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"replace", "replace-partitions"})
  void runIsPublishedThoughAnotherUserAloneMayDeleteWhatItReplaces(String ifExists)
      throws IOException {
    String job = PARTITIONS + "output.if-exists = " + ifExists + "\n";
    run(job);
    String next = job + WEIGHT.formatted(2);
    HaltingFileSystem.refuseToDelete(".*sparknorm-trash-.*");

    run(next);
    assertPartitionsAreOf(2);
    assertThat(version("m", 2)).exists();
    assertThat(entries()).anyMatch(name -> name.contains("sparknorm-trash-"));
    assertThat(run(next).lines().get(0)).contains("already published");

    HaltingFileSystem.refuseToDelete("");
    run(next);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  /** What it has replaced may take long to delete. */
  @ParameterizedTest
  @ValueSource(strings = {"replace", "replace-partitions"})
  void runThatAnotherFollowsBeforeItHasTidiedUpIsPublished(String ifExists) throws IOException {
    String job = PARTITIONS + "output.if-exists = " + ifExists + "\n";
    run(job);
    Consumer<Path> next = once(() -> run(job + WEIGHT.formatted(3)));
    HaltingFileSystem.whenRenamed(
        renamed -> {
          if (renamed.getName().contains("-trash-")) {
            next.accept(Path.of(renamed.toUri().getPath()));
          }
        });

    run(job + WEIGHT.formatted(2));
    assertPartitionsAreOf(3);
    assertThat(version("m", 3)).exists();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  /** What it replaces may be of Spark itself, or of a run that was killed without its marker. */
  @ParameterizedTest
  @CsvSource({"replace, false", "replace, true", "replace-partitions, false"})
  void runThatHasMadeTheOutputIsPublishedThoughAnotherIsAboutToReplacePartitions(
      String ifExists, boolean isThere) throws Exception {
    if (isThere) {
      write("out", "SELECT 0 AS id");
    }

    whileARivalReplaces(
        PARTITIONS + WEIGHT.formatted(3),
        start ->
            HaltingFileSystem.whenRenamed(
                renamed -> {
                  if (renamed.getName().equals("out")) {
                    start.accept(Path.of(renamed.toUri().getPath()));
                  }
                }),
        () -> run(PARTITIONS + "output.if-exists = " + ifExists + "\n" + WEIGHT.formatted(2)));

    assertPartitionsAreOf(3);
    assertThat(version("m", 2)).exists();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  private void assertPartitionsAreOf(int weight) {
    assertThat(json(output()))
        .containsExactly(
            "{\"x\":[-%d.0],\"id\":1}".formatted(weight),
            "{\"x\":[%d.0],\"id\":3}".formatted(weight));
  }

  private static void createFile(Path file) {
    try {
      if (!Files.exists(file)) {
        Files.createDirectories(file.getParent());
        Files.createFile(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What another run says when a rival does something to what it is about to publish. */
  private String refusalOnceStaged(String settings, Consumer<Path> rival) {
    whenLookedFor(".*sparknorm-staged-.*/_SUCCESS", success -> rival.accept(success.getParent()));
    return refusal(
        Command.RUN, halting(JOB) + WEIGHT.formatted(2) + settings, LeavingStatus.CONFLICT);
  }

  private static String halting(String job) {
    return job.replace("output.path = ", "output.path = \"halt:\"");
  }

  /** Has somebody act whenever somebody looks whether a file of such a path is there. */
  private static void whenLookedFor(String path, Consumer<Path> act) {
    HaltingFileSystem.whenLookedFor(
        file -> {
          if (file.toUri().getPath().matches(path)) {
            act.accept(Path.of(file.toUri().getPath()));
          }
        });
  }

  /** Acts the first time that a file is looked for. */
  private static Consumer<Path> once(Callable<?> act) {
    AtomicBoolean isDone = new AtomicBoolean();
    return file -> {
      if (isDone.compareAndSet(false, true)) {
        try {
          act.call();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    };
  }

  /** Acts the first time that a file is looked for while a run publishes. */
  private Consumer<Path> onceEntered(Callable<?> act) {
    return whileEntered(once(act));
  }

  private Consumer<Path> whileEntered(Consumer<Path> act) {
    return file -> {
      if (isEntered()) {
        act.accept(file);
      }
    };
  }

  private boolean isEntered() {
    try {
      return entries().stream().anyMatch(name -> name.endsWith("sparknorm-publishing"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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

      assertThat(statuses).contains(0).isSubsetOf(0, 5, 75);
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
