package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A run that comes to its end at any operation of the file system, and then the same run again.
 * What a reader sees in between is the complete old result, the complete new one or none; what the
 * second run leaves is what an undisturbed one does, and nothing else.
 */
class TestCrash extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = "halt:${dir}/out"
      features { column = x, shape = [2] }
      norm { type = batch-norm, momentum = 0.5, momentum-convention = new-weight, running-variance = biased }
      store { path = "halt:${dir}/store", model = m }
      """;

  private static final String TABLE_JOB =
      """
      input.path = ${dir}/new
      output { table = crash.t, format = parquet, if-exists = replace }
      features { column = x, shape = [2] }
      norm.type = batch-norm
      """;

  /** What the output is before the run, and what the run does about it. */
  private enum Before {
    NOTHING("", 0),
    RESULT("output.if-exists = replace", 0),
    PARTITIONS("output { if-exists = replace-partitions, partition-by = [day] }", 1);

    private final String settings;
    private final int partition;

    Before(String settings, int partition) {
      this.settings = settings;
      this.partition = partition;
    }

    String job() {
      return JOB.replace("${dir}", "${dir}/job") + settings + "\n";
    }

    /** The run before, which published what is there. */
    String first() {
      return job() + "input.path = ${dir}/old\n";
    }
  }

  @BeforeEach
  void writeInputs() {
    HaltingFileSystem.install(hadoop());
    write("old", records(0, 10, "2 * id", "day < 3"));
    write("new", records(3, 13, "id * id", "day > 0 and day < 4"));
  }

  private static String records(int from, int to, String value, String where) {
    return """
    SELECT * FROM (SELECT id, array(float(id), float(%s)) AS x, id %% 5 AS day FROM range(%d, %d))
    WHERE %s
    """
        .formatted(value, from, to, where);
  }

  @AfterEach
  void goOn() {
    HaltingFileSystem.whenLookedFor(file -> {});
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @EnumSource
  void isMadeGoodByTheSameRunAgain(Before before) throws IOException {
    haltAtEvery(before, 7);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("faults")
  void isMadeGoodByTheSameRunAgainWhereverItHappens(Before before) throws IOException {
    haltAtEvery(before, 1);
  }

  @Test
  void partitionsAreMadeGoodByTheRunBefore() throws IOException {
    Before before = Before.PARTITIONS;
    prepare(before);
    View old = view();
    haltWhenLookedFor("out/day=[12]", 2);

    assertThat(catchThrowable(() -> run(before.job()))).hasMessageContaining("halted");
    goOn();
    assertThat(view()).isNotEqualTo(old);

    run(before.first());
    assertOld(view(), old, "halted after the first partition");
  }

  @Test
  @Tag("faults")
  void partitionsAreMadeGoodByTheRunBeforeWhereverItHappens() throws IOException {
    Before before = Before.PARTITIONS;
    prepare(before);
    View old = view();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    run(before.job());
    int operations = HaltingFileSystem.operations();

    for (int n = 0; n < operations; n++) {
      prepare(before);
      HaltingFileSystem.haltAfter(n);
      Throwable halted = catchThrowable(() -> run(before.job()));
      goOn();
      run(before.first());
      assertOld(view(), old, "halted after %d of %d: %s".formatted(n, operations, halted));
    }
  }

  @Test
  void successIsThereOnceTheRunIsPublished() throws IOException {
    Before before = Before.PARTITIONS;
    prepare(before);
    Path success = folder.resolve("job/out/_SUCCESS");
    Files.delete(success);
    haltWhenLookedFor("out/_SUCCESS", 1);

    assertThat(catchThrowable(() -> run(before.job()))).hasMessageContaining("halted");
    goOn();
    run(before.job());
    assertThat(success).exists();
  }

  /** Halts when somebody has looked so many times whether a file of such a path is there. */
  private void haltWhenLookedFor(String path, int times) {
    Pattern pattern = Pattern.compile(Pattern.quote(folder + "/job/") + path);
    AtomicInteger looked = new AtomicInteger();
    HaltingFileSystem.whenLookedFor(
        file -> {
          if (pattern.matcher(file.toUri().getPath()).matches()
              && looked.incrementAndGet() == times) {
            HaltingFileSystem.haltAfter(0);
          }
        });
  }

  /** All is the old run's, but for the day that only the new one has. */
  private static void assertOld(View seen, View old, String moment) {
    assertThat(seen.output)
        .as(moment)
        .filteredOn(record -> !record.endsWith("\"day\":3}"))
        .isEqualTo(old.output);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("faults")
  void isMadeGoodWhereTheProcessHalts(Before before) throws Exception {
    prepare(before);
    View old = view();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    run(before.job());
    int operations = HaltingFileSystem.operations();
    View undisturbed = view();

    for (int n = operations % 5; n < operations; n += 5) {
      prepare(before);
      JobProcess process =
          JobProcess.start(
              folder,
              before.job().replace("${dir}", "\"DIR\""),
              List.of(
                  "-D%s=%d".formatted(HaltingFileSystem.HALT_AFTER, n),
                  "-Dspark.hadoop.fs.halt.impl=" + HaltingFileSystem.class.getName(),
                  "-Dspark.hadoop.fs.AbstractFileSystem.halt.impl="
                      + HaltingFileSystem.Context.class.getName()),
              "run");
      JobProcess.Left left = process.left();
      String moment = "%s, halted after %d of %d operations".formatted(before, n, operations);
      assertThat(left.status()).as(moment + left.log()).isEqualTo(137);
      assertSeen(moment, before, old, undisturbed);

      run(before.job());
      assertThat(view()).as(moment).isEqualTo(undisturbed);
      assertThat(hidden()).as(moment).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = 7)
  void tableIsMadeGoodByTheSameRunAgain(int step) throws IOException {
    replaceTable();
    int operations = HaltingFileSystem.operations();
    List<String> done = table();
    assertThat(operations).isGreaterThan(20);

    for (int n = operations % step; n < operations; n += step) {
      prepareTable();
      List<String> old = table();
      HaltingFileSystem.haltAfter(n);
      Throwable halted = catchThrowable(() -> run(TABLE_JOB));
      HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
      String moment = "halted after %d of %d operations: %s".formatted(n, operations, halted);
      if (isCatalogTorn()) {
        continue;
      }

      assertThat(table()).as(moment).isIn(List.of(), old, done);

      run(TABLE_JOB);
      assertThat(table()).as(moment).isEqualTo(done);
      assertThat(folder.resolve("tables").toFile().list()).as(moment).containsExactly("t");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = 1)
  @Tag("faults")
  void tableIsMadeGoodByTheSameRunAgainWhereverItHappens(int step) throws IOException {
    tableIsMadeGoodByTheSameRunAgain(step);
  }

  private void replaceTable() throws IOException {
    prepareTable();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    run(TABLE_JOB);
  }

  /** A table with the result of another run. */
  private void prepareTable() throws IOException {
    spark().sql("DROP DATABASE IF EXISTS crash CASCADE");
    FileUtil.fullyDelete(folder.resolve("tables").toFile());
    spark().sql("CREATE DATABASE crash LOCATION 'halt:%s'".formatted(folder.resolve("tables")));
    run(TABLE_JOB + "input.path = ${dir}/old\n");
  }

  /**
   * Spark's catalog in memory gives a table its new name before it renames the folder. What is left
   * of that by a halt in between would be gone with the process.
   */
  private boolean isCatalogTorn() {
    return spark().sql("SHOW TABLES IN crash").collectAsList().stream()
        .map(table -> "DESCRIBE TABLE EXTENDED crash." + table.<String>getAs("tableName"))
        .anyMatch(describe -> catchThrowable(() -> spark().sql(describe)) != null);
  }

  private List<String> table() {
    return spark().catalog().tableExists("crash.t") ? sorted(spark().table("crash.t")) : List.of();
  }

  /** What there is to see: the output's records, if any, and the versions in the store. */
  private record View(List<String> output, List<String> store) {}

  private void haltAtEvery(Before before, int step) throws IOException {
    prepare(before);
    View old = view();
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    run(before.job());
    int operations = HaltingFileSystem.operations();
    View undisturbed = view();
    assertThat(undisturbed.output).isNotEmpty().isNotEqualTo(old.output);
    assertThat(operations).isGreaterThan(20);

    for (int n = step == 1 ? 0 : operations % step; n < operations; n += step) {
      String moment = "%s, halted after %d of %d operations".formatted(before, n, operations);
      prepare(before);
      HaltingFileSystem.haltAfter(n);
      Throwable halted = catchThrowable(() -> run(before.job()));
      HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
      assertSeen(moment, before, old, undisturbed);

      assertThat(run(before.job()).lines()).as(moment).isNotEmpty();
      assertThat(view()).as(moment + ": " + halted).isEqualTo(undisturbed);
      assertThat(hidden()).as(moment + ": " + halted).isEmpty();
    }
  }

  /** What the halted run has left in readers' sight. */
  private void assertSeen(String moment, Before before, View old, View done) throws IOException {
    View seen = view();
    if (seen.store.equals(done.store)) {
      assertThat(seen.output).as(moment + ": the output comes first").isEqualTo(done.output);
    }

    for (int day = 0; day < 5; day += before.partition == 0 ? 5 : 1) {
      String partition = before.partition == 0 ? "" : "\"day\":%d}".formatted(day);
      List<String> records = of(seen.output, partition);
      if (!records.isEmpty()) {
        assertThat(List.of(of(old.output, partition), of(done.output, partition)))
            .as(moment + ": " + partition)
            .contains(records);
      }
    }

    if (before.partition == 1) {
      assertThat(of(seen.output, "\"day\":0}"))
          .as("a partition that the run does not have")
          .isEqualTo(of(old.output, "\"day\":0}"));
    }
  }

  private static List<String> of(List<String> records, String end) {
    return records.stream().filter(record -> record.endsWith(end)).toList();
  }

  /** A folder with the input, and the result and the model of another run. */
  private void prepare(Before before) throws IOException {
    Path work = folder.resolve("job");
    FileUtil.fullyDelete(work.toFile());
    Files.createDirectory(work);
    Path template = folder.resolve("template-" + before);
    if (!Files.exists(template)) {
      String elsewhere = before == Before.NOTHING ? "output.path = ${dir}/job/elsewhere" : "";
      run(before.first() + elsewhere);
      copy(folder.resolve("new"), work.resolve("in"));
      Files.move(work, template);
      Files.createDirectory(work);
    }

    copy(template, work);
  }

  /** Keeps the times of files, which are part of an input's identity. */
  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (!Files.isDirectory(path)) {
          Files.copy(path, copy, StandardCopyOption.COPY_ATTRIBUTES);
        } else if (!Files.exists(copy)) {
          Files.createDirectory(copy);
        }
      }
    }
  }

  private View view() throws IOException {
    Path out = folder.resolve("job/out");
    List<String> records = List.of();
    if (Files.exists(out)) {
      records = sorted(spark().read().parquet(out.toString()).select("id", "x", "day"));
    }

    return new View(records, store());
  }

  /** Each record as often as it is there. */
  private static List<String> sorted(Dataset<Row> rows) {
    return rows.toJSON().collectAsList().stream().sorted().toList();
  }

  /** Each published version with its payload: what is named by no manifest is not there. */
  private List<String> store() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("job/store"))) {
      return files
          .filter(file -> file.endsWith("manifest.json"))
          .map(this::version)
          .sorted()
          .toList();
    }
  }

  private String version(Path manifest) {
    try {
      JsonNode payload = JSON.readTree(manifest.toFile()).at("/payload");
      Path stats = manifest.resolveSibling(payload.at("/stats/file").textValue());
      Path moments = manifest.resolveSibling(payload.at("/moments/file").textValue());
      return "%s %s %s"
          .formatted(
              manifest.getParent().getFileName(),
              Files.readString(stats),
              HexFormat.of().formatHex(Files.readAllBytes(moments)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What ought not to be left: anything but input, output, store, and what manifests name. */
  private List<String> hidden() throws IOException {
    Path work = folder.resolve("job");
    try (Stream<Path> files = Files.walk(work)) {
      return files
          .map(file -> work.relativize(file).toString())
          .filter(
              file -> !file.matches("|in|in/.*|out|out/_SUCCESS|out/_sparknorm.json|elsewhere.*"))
          .filter(file -> !file.matches("out/(day=./?)?(part-.*)?|store|store/m|store/m/v=[12]"))
          .filter(file -> !file.matches("store/m/v=[12]/manifest.json"))
          .filter(file -> !isNamed(work, file))
          .toList();
    }
  }

  private static boolean isNamed(Path work, String file) {
    try {
      Path manifest = work.resolve(file).resolveSibling("manifest.json");
      return Files.exists(manifest)
          && Files.readString(manifest).contains(Path.of(file).getFileName().toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Configuration hadoop() {
    return spark().sparkContext().hadoopConfiguration();
  }
}
