package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparknorm.spark.ConditionalStore;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.output.Output;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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

  private static final String COMMITTER = "mapreduce.outputcommitter.factory.scheme.s3a";
  private static final long ROWS = 3;

  @BeforeEach
  void writeInput() {
    Configuration hadoop = spark().sparkContext().hadoopConfiguration();
    hadoop.set("fs.s3a.impl", ConditionalStore.class.getName());
    hadoop.set(COMMITTER, FileOutputCommitterFactory.class.getName()); // S3A's own is not here
    write("in", "SELECT id, array(CAST(id AS float)) AS x FROM VALUES (1), (3) AS t(id)");
  }

  @AfterEach
  void forgetStore() {
    ConditionalStore.before((operation, path) -> {});
    spark().sparkContext().hadoopConfiguration().unset("fs.s3a.impl");
    spark().sparkContext().hadoopConfiguration().unset(COMMITTER);
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
  void partitionsAreFoldersOfTheirOwn() throws IOException {
    run(JOB + "output.partition-by = [id]\n");

    assertThat(published()).hasSize(2).allMatch(file -> file.matches("id=[13]/part-.*"));
    assertThat(json(output())).containsExactly("{\"x\":[-1.0],\"id\":1}", "{\"x\":[1.0],\"id\":3}");
  }

  @Test
  void outputWithoutPartitionsIsComplete() throws IOException {
    Output output = attempt("output.partition-by = [id]");
    output.stage(spark().range(0).selectExpr("id", "array(float(id)) AS x"));
    output.publish();

    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(attempt().existing()).isEqualTo(Output.Existing.SAME_RUN);
  }

  @Test
  void whatAnAttemptThatWasKilledHadStagedIsRemoved() throws IOException {
    Path task = folder.resolve("out/_sparknorm-killed/_temporary/0/task/part-0.parquet");
    Files.createDirectories(task.getParent());
    Files.createFile(task);

    run(JOB);
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(2);

    Files.createDirectories(task.getParent());
    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
  }

  /** Whoever removes the path and begins anew does not lose what is staged then. */
  @Test
  void whatIsStagedByAnAttemptThatBeganLaterIsLeftToIt() throws IOException {
    Output first = attempt();
    first.existing();
    first.stage(rows());
    Output later = attempt();
    later.stage(rows());
    first.publish();

    assertThat(names("_sparknorm-")).hasSize(1);
    later.discard();
    assertIsPublishedOnce();
  }

  @Test
  void readersPassOverWhatIsStaged() {
    attempt("output.partition-by = [id]").stage(rows());
    Output published = attempt("output.partition-by = [id]");
    published.existing();
    published.stage(rows());
    List<Long> counts = new ArrayList<>();
    ConditionalStore.before(
        (operation, path) -> {
          if (operation.equals("delete")) {
            counts.add(output().count());
          }
        });

    published.publish();
    assertThat(counts).hasSize(2).containsOnly(ROWS);
  }

  @Test
  void ofAttemptsThatHaveStagedTheFirstPublishes() throws IOException {
    Output first = attempt();
    Output other = attempt();
    other.stage(rows());
    first.stage(rows());
    other.checkIsStaged();
    first.publish();

    assertConflict(other::checkIsStaged);
    assertConflict(other::publish);
    first.discard();
    other.discard();

    assertIsPublishedOnce();
  }

  @Test
  void attemptThatFailsLeavesTheOthersAlone() throws IOException {
    Output failing = attempt();
    Output other = attempt();
    other.stage(rows());
    failing.stage(rows());
    failing.discard();

    other.publish();
    assertIsPublishedOnce();
  }

  /** Another one publishes before its first task starts, and it is killed after its last. */
  @Test
  void filesThatABeatenAttemptWritesLateNeverAppear() throws IOException {
    Output beaten = attempt();
    AtomicBoolean isDone = new AtomicBoolean();
    ConditionalStore.before(
        (operation, path) -> {
          if (path.getName().equals("_temporary") && isDone.compareAndSet(false, true)) {
            atOnce(() -> carryOut(attempt()));
          }
        });
    Throwable failure = catchThrowable(() -> beaten.stage(rows()));

    assertThat(output().count()).isEqualTo(ROWS);
    assertThat(writes()).hasSize(1);
    assertThat(failure).isNull();
    assertThat(attempt().existing()).isEqualTo(Output.Existing.SAME_RUN);
    assertIsPublishedOnce();
  }

  @Test
  void rivalInBetweenLeavesOneWholeResult() throws IOException {
    haveARivalAtEvery(4);
  }

  @Test
  @Tag("faults")
  void rivalInBetweenLeavesOneWholeResultWhereverItIs() throws IOException {
    haveARivalAtEvery(1);
  }

  /** At a moment of an attempt, another one goes from its begin to its end. */
  private void haveARivalAtEvery(int step) throws IOException {
    int operations = carryOutWithRivalAt(Integer.MAX_VALUE);
    assertThat(operations).isGreaterThan(10);
    for (int n = operations % step; n < operations; n += step) {
      FileUtil.fullyDelete(folder.resolve("out").toFile());
      carryOutWithRivalAt(n);
      assertIsPublishedOnce();
    }
  }

  /** Gives the number of operations, not counting those in which Spark's tasks write. */
  private int carryOutWithRivalAt(int moment) {
    AtomicInteger operations = new AtomicInteger();
    ConditionalStore.before(
        (operation, path) -> {
          if (!path.toString().contains("_temporary") && operations.getAndIncrement() == moment) {
            atOnce(() -> carryOut(attempt()));
          }
        });
    Throwable failure = catchThrowable(() -> carryOut(attempt()));
    assertThat(JobException.in(failure).map(JobException::status))
        .as(String.valueOf(failure))
        .isEqualTo(Optional.ofNullable(failure).map(some -> LeavingStatus.CONFLICT));
    ConditionalStore.before((operation, path) -> {});
    return operations.get();
  }

  /** As a job does. */
  private void carryOut(Output output) {
    try {
      if (output.existing() == Output.Existing.NOTHING) {
        output.stage(rows());
        output.publish();
      }
    } catch (Exception e) { // Spark throws checked ones undeclared
      output.checkIsStaged(); // a rival explains whatever is amiss
      throw e;
    } finally {
      output.discard();
    }
  }

  /** In another thread, as if in another process. */
  private static void atOnce(Runnable rival) {
    CompletableFuture.runAsync(rival, command -> new Thread(command).start()).join();
  }

  /** Whatever attempts there were, the files are one's, and all of its. */
  private void assertIsPublishedOnce() throws IOException {
    assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
    assertThat(output().count()).isEqualTo(ROWS);
    assertThat(writes()).hasSize(1);
  }

  @Test
  void publishingThatIsCutOffIsBroughtToItsEndByTheNextAttempt() throws IOException {
    Output output = attempt("output.partition-by = [id]");
    output.stage(rows());
    Path staged = folder.resolve("staged");
    copy(folder.resolve("out"), staged);
    int operations = haltAfter(Integer.MAX_VALUE, output::publish);
    List<String> whole = published();

    int finished = 0;
    for (int n = 0; n < operations; n++) {
      for (int m = 0; m < operations; m += 7) {
        FileUtil.fullyDelete(folder.resolve("out").toFile());
        copy(staged, folder.resolve("out"));
        haltAfter(n, output::publish);
        assertIsWholeIfComplete(whole);
        haltAfter(m, () -> attempt().existing());
        assertIsWholeIfComplete(whole);

        if (attempt().existing() == Output.Existing.SAME_RUN) {
          finished++;
          assertThat(hidden()).containsExactly("_SUCCESS", "_sparknorm.json");
          assertThat(published()).isEqualTo(whole);
        } else {
          assertThat(published()).isEmpty();
        }
      }
    }

    assertThat(finished).isGreaterThan(operations);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  private void assertIsWholeIfComplete(List<String> whole) throws IOException {
    assertThat(whole).containsAll(published());
    if (Files.exists(folder.resolve("out/_SUCCESS"))) {
      assertThat(published()).isEqualTo(whole);
    }
  }

  /** Lets so many operations happen, and no more; gives how many were tried. */
  private static int haltAfter(int last, ThrowableAssert.ThrowingCallable step) {
    AtomicInteger operations = new AtomicInteger();
    ConditionalStore.before(
        (operation, path) -> {
          if (operations.incrementAndGet() > last) {
            throw new IOException("halted");
          }
        });
    Throwable failure = catchThrowable(step);
    ConditionalStore.before((operation, path) -> {});
    if (failure != null) {
      assertThat(failure).hasRootCauseMessage("halted");
    }

    return operations.get();
  }

  /** It may or may not be there: what is staged has to stay, for another attempt to publish. */
  @Test
  void claimWhoseAnswerIsLostIsKept() throws IOException {
    Output output = attempt();
    output.stage(rows());
    AtomicBoolean isCutOff = new AtomicBoolean();
    ConditionalStore.before(
        (operation, path) -> {
          if (isCutOff.get() || operation.equals("created")) {
            isCutOff.set(true);
            throw new IOException("Connection reset");
          }
        });
    assertThatThrownBy(output::publish).hasRootCauseMessage("Connection reset");
    ConditionalStore.before((operation, path) -> {});
    output.discard();

    assertThat(published()).isEmpty();
    assertThat(attempt().existing()).isEqualTo(Output.Existing.SAME_RUN);
    assertIsPublishedOnce();
  }

  @Test
  void fileThatCannotBeMovedIsMovedByTheNextAttempt() throws IOException {
    Output output = attempt();
    output.stage(rows());
    ConditionalStore.before(
        (operation, path) -> {
          if (operation.equals("rename")) {
            throw new IOException("Slow down");
          }
        });
    assertThatThrownBy(output::publish).hasRootCauseMessage("Slow down");
    ConditionalStore.before((operation, path) -> {});
    output.discard();

    assertThat(attempt().existing()).isEqualTo(Output.Existing.SAME_RUN);
    assertIsPublishedOnce();
  }

  @Test
  void filesThatAreGoneAreMissedWhenTheRestIsPublished() throws IOException {
    Output output = attempt();
    output.stage(rows().repartition(2));
    Files.delete(staged().get(0));

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

  /** Formats of text are not read back to be counted. */
  @ParameterizedTest
  @ValueSource(strings = {"json", "parquet"})
  void filesThatAreGoneBeforeTheyAreListedAreMissed(String format) throws IOException {
    ConditionalStore.before(
        (operation, path) -> {
          File attempt = new File(path.toUri().getPath());
          if (operation.equals("list")
              && path.getName().startsWith("_sparknorm-")
              && !new File(attempt, "_temporary").exists()) {
            FileUtil.fullyDelete(attempt);
          }
        });

    assertThat(
            refusal(Command.RUN, JOB + "output.format = " + format + "\n", LeavingStatus.TRY_AGAIN))
        .isEqualTo(
            "Cannot publish output: of the files of 2 records that this run has written to"
                + " s3a://bucket%s/out none is left (start it again)".formatted(folder));
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void filesThatGoWhileTheyArePublishedAreMissed() throws IOException {
    Output output = attempt();
    output.stage(rows());
    Path file = staged().get(0);
    ConditionalStore.beforeCreation(path -> assertThat(file.toFile().delete()).isTrue());
    String refused =
        "Cannot publish output: %s, which this run has written to s3a://bucket%s/out, is gone (remove"
                .formatted(file.getFileName(), folder)
            + " the folder, then start the run again)";

    assertThatThrownBy(output::publish).isInstanceOf(JobException.class).hasMessage(refused);
    output.discard();
    assertThatThrownBy(attempt()::existing).isInstanceOf(JobException.class).hasMessage(refused);
    assertThat(folder.resolve("out/_SUCCESS")).doesNotExist();
  }

  /** An attempt at a run, always the same, that a test leads step by step. */
  private Output attempt() {
    return attempt("");
  }

  private Output attempt(String settings) {
    OutputSpec spec = spec(Command.RUN, JOB + settings).output().orElseThrow();
    return Output.of(spark(), spec, "run", "configuration-digest");
  }

  private Dataset<Row> rows() {
    return spark().range(0, ROWS, 1, 1).selectExpr("id", "array(float(id)) AS x");
  }

  private static void assertConflict(ThrowableAssert.ThrowingCallable step) {
    assertThatThrownBy(step)
        .isInstanceOfSatisfying(
            JobException.class,
            refused -> assertThat(refused.status()).isEqualTo(LeavingStatus.CONFLICT))
        .hasMessageEndingWith("(another run published first)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fail", "skip"})
  void claimOfAnotherRunIsRespected(String ifExists) throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("_sparknorm.json"), "{\"run_identity\":\"other\"}");
    Files.createDirectory(out.resolve("_sparknorm-other"));

    assertThat(refusal(Command.RUN, JOB + "output.if-exists = " + ifExists, LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot write output: s3a://bucket%s has no _SUCCESS and is not this run's (let the run"
                    .formatted(out)
                + " that writes to it end; if there is none, remove the folder, or add _SUCCESS to"
                + " what is complete)");
    assertThat(hidden()).containsExactly("_sparknorm-other", "_sparknorm.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"_SUCCESS", "_sparknorm.json", "part-0.parquet"})
  void whatAnotherRunPublishesMeanwhileIsLeftAlone(String file) throws IOException {
    Path out = folder.resolve("out");
    whenAJobStarts(
        () -> Files.writeString(out.resolve(file), ""),
        () ->
            assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT))
                .endsWith("appeared while this run was under way (another run published first)"));

    assertThat(names("")).containsExactly(file);
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

  @Test
  void storeThatTakesNothingSaysSoBeforeTheFit() throws IOException {
    write("faulty", "SELECT 1 AS id, array(1F, 2F) AS x"); // which a fit refuses
    ConditionalStore.before(
        (operation, path) -> {
          if (operation.equals("mkdirs")) {
            throw new AccessDeniedException(path.toString(), null, "403 Forbidden");
          }
        });

    assertThat(refusal(Command.RUN, JOB + "input.path = ${dir}/faulty", LeavingStatus.USAGE))
        .startsWith("Cannot reach a file or folder: s3a://bucket%s/out/".formatted(folder))
        .endsWith(": 403 Forbidden");
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
    return names("_");
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

  /** The files that readers see. */
  private List<String> published() throws IOException {
    Path out = folder.resolve("out");
    try (Stream<Path> files = Files.walk(out)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> out.relativize(file).toString())
          .filter(name -> !name.startsWith("_"))
          .sorted()
          .toList();
    }
  }

  /** The writes that these are of, by what Spark puts into the names. */
  private Set<String> writes() throws IOException {
    return published().stream()
        .map(file -> file.replaceAll(".*part-[0-9]+-([0-9a-f-]{36})\\b.*", "$1"))
        .collect(Collectors.toSet());
  }

  /** The files of the only attempt. */
  private List<Path> staged() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("out"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("part-")).toList();
    }
  }
}
