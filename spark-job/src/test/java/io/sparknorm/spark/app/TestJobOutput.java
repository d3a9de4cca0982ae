package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How jobs publish their output, and what they do about one that is there. */
class TestJobOutput extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = ${dir}/out
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = ${dir}/store, model = m }
      """;
  private static final String TABLE_JOB =
      """
      input.path = ${dir}/in
      output { table = sparknorm_out, format = parquet }
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0 }
      """;

  @BeforeEach
  void writeInput() {
    write("in", "SELECT id, array(CAST(id AS float)) AS x FROM VALUES (1), (3) AS t(id)");
  }

  @AfterEach
  void dropTables() {
    for (String table : tables()) {
      spark().sql("DROP TABLE " + table);
    }
  }

  @Test
  void nothingIsLeftBesideTheOutput() throws IOException {
    run(JOB);

    assertThat(entries()).containsExactly("in", "out", "store");
    assertThat(output().count()).isEqualTo(2);
    assertThat(folder.resolve("out/_SUCCESS")).exists();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "store.path = \"file:\"${dir}/out/store",
        "store.path = ${dir}/store/../out",
        "store.path = ${dir}/link/store",
        "run.status-path = \"file://\"${dir}/out/status.json"
      })
  void whatIsWithinTheOutputIsNotReplacedWithIt(String within) throws IOException {
    Files.createDirectories(folder.resolve("out/store"));
    Files.writeString(folder.resolve("out/store/model"), "");
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("out"));
    String replace = JOB + "output.if-exists = replace\n";

    assertThat(refusal(Command.RUN, replace + within, LeavingStatus.USAGE))
        .startsWith("Invalid " + within.replaceFirst(" = .*", ": "))
        .endsWith(" (must not be within output.path)");
    assertThat(folder.resolve("out/store/model")).exists();
  }

  @Test
  void outputOfAnotherRunIsLeftAloneUnlessItIsToBeReplacedOrSkipped() throws IOException {
    run(JOB);
    String other = JOB + "norm.epsilon = 1\n";

    assertThat(refusal(Command.RUN, other, LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot write output: %s exists and is not this run's (write to a new path, or set"
                    .formatted(folder.resolve("out"))
                + " output.if-exists = replace | skip)");

    assertThat(run(other + "output.if-exists = skip").lines())
        .containsExactly(
            "sparknorm run: the output exists, nothing to do (output.if-exists = skip)",
            "  output: " + folder.resolve("out"));
    assertThat(xs()).containsExactly(-1F, 1F);
    assertThat(version("m", 2)).doesNotExist();

    run(other + "output.if-exists = replace");
    assertThat(xs()).containsExactly(-(float) Math.sqrt(0.5), (float) Math.sqrt(0.5));
    assertThat(version("m", 2)).exists();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "00:00      | if-exists = replace",
        "00:00      | if-exists = replace-partitions, partition-by = [id]",
        "Köln, 東京 5% | if-exists = replace",
        "Köln, 東京 5% | if-exists = replace-partitions, partition-by = [id]"
      })
  void outputMayHaveAnyName(String name, String rule) throws IOException {
    String job = JOB + "output { path = ${dir}\"/%s\", %s }\n".formatted(name, rule);
    run(job);
    run(job + "norm.epsilon = 1\n");

    assertThat(entries()).containsExactlyInAnyOrder(name, "in", "store");
    assertThat(spark().read().parquet(folder.resolve(name).toString()).count()).isEqualTo(2);
  }

  @Test
  void fileWhoseNameHasAColonIsReplaced() throws IOException {
    Files.writeString(folder.resolve("10:00.csv"), "x");

    run(JOB + "output { path = ${dir}\"/10:00.csv\", if-exists = replace }\n");

    assertThat(entries()).containsExactly("10:00.csv", "in", "store");
    assertThat(spark().read().parquet(folder.resolve("10:00.csv").toString()).count()).isEqualTo(2);
  }

  /** Half a letter stands for those that are missing in a locale: none has it. */
  @ParameterizedTest
  @ValueSource(strings = {"output", "store"})
  void whatTheLocaleCannotNameIsRefusedBeforeAnythingIsPublished(String what) throws IOException {
    String job = JOB + "%s.path = ${dir}\"/a\\ud800b\"\n".formatted(what);

    assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE))
        .startsWith("Cannot reach a file or folder: Malformed input or input contains unmappable")
        .endsWith(" (start in a locale that has all letters of its name, such as LC_ALL=C.UTF-8)");
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void emptyFolderIsNoResultToSkip() throws IOException {
    Files.createDirectory(folder.resolve("out"));

    run(JOB + "output.if-exists = skip");
    assertThat(output().count()).isEqualTo(2);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void foreignFolderIsSkippedOnceItSaysThatItIsComplete() throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("precious"), "data");
    String skip = JOB + "output.if-exists = skip";

    assertThat(refusal(Command.RUN, skip, LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot write output: %s has no _SUCCESS and is not this run's (let the run that writes"
                    .formatted(out)
                + " to it end; if there is none, remove the folder, or add _SUCCESS to what is"
                + " complete)");
    Files.createFile(out.resolve("_SUCCESS"));
    assertThat(run(skip).lines().get(0)).contains("the output exists, nothing to do");
    assertThat(out.resolve("precious")).hasContent("data");
    assertThat(entries()).containsExactly("in", "out");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "file:/", "hdfs://nn:8020", "s3a://bucket/"})
  void rootIsNoOutput(String root) {
    assertThat(
            refusal(Command.RUN, JOB + "output.path = \"%s\"".formatted(root), LeavingStatus.USAGE))
        .startsWith(
            "Invalid output.path: %s (must not be the root of a file system)".formatted(root));
  }

  /** An Azure account without a hierarchical namespace: its folders have no access lists. */
  public static final class FlatFileSystem extends RawLocalFileSystem {
    private URI uri;

    @Override
    public void initialize(URI uri, Configuration hadoop) throws IOException {
      this.uri = URI.create("%s://%s/".formatted(uri.getScheme(), uri.getAuthority()));
      super.initialize(uri, hadoop);
    }

    @Override
    public URI getUri() {
      return uri == null ? super.getUri() : uri; // which the constructor asks for
    }
  }

  @Test
  void folderThatIsNotRenamedAtomicallyIsNoOutput() {
    Configuration hadoop = spark().sparkContext().hadoopConfiguration();
    hadoop.set("fs.abfs.impl", FlatFileSystem.class.getName());

    assertThat(
            refusal(
                Command.RUN,
                JOB + "output.path = \"abfs://flat@account\"${dir}/out",
                LeavingStatus.USAGE))
        .isEqualTo(
            "Invalid output.path: abfs://flat@account%s/out (its storage account has no hierarchical"
                    .formatted(folder)
                + " namespace, without which no folder is renamed atomically; write to one that"
                + " has, or to a Delta or Iceberg table)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"wasb", "wasbs"})
  void folderWhoseFilesDoNotAppearWholeIsInputAlone(String scheme) throws IOException {
    Configuration hadoop = spark().sparkContext().hadoopConfiguration();
    hadoop.set("fs.%s.impl".formatted(scheme), FlatFileSystem.class.getName());
    String azure = "\"%s://container@account\"${dir}".formatted(scheme);

    assertThat(
            refusal(
                Command.RUN,
                JOB.replace("${dir}/out", azure + "/out") + "output.if-exists = replace",
                LeavingStatus.USAGE))
        .isEqualTo(
            "Invalid output.path: %s://container@account%s/out (a file is seen there before it is"
                    .formatted(scheme, folder)
                + " whole; write by abfs to an account with a hierarchical namespace, or to a Delta"
                + " or Iceberg table)");
    assertThat(entries()).containsExactly("in");

    run(JOB.replace("${dir}/in", azure + "/in"));
    assertThat(output().count()).isEqualTo(2);
  }

  @Test
  void placeWhereNoFolderCanBeMadeIsToldBeforeTheFit() throws IOException {
    write("faulty", "SELECT 1 AS id, array(1F, 2F) AS x"); // which a fit refuses
    Files.writeString(folder.resolve("file"), "no folder");
    String job = JOB + "input.path = ${dir}/faulty\noutput.path = ${dir}/file/out\n";

    assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE))
        .startsWith("Cannot reach a file or folder: %s/file/_out.".formatted(folder))
        .endsWith(": Not a directory");
  }

  @Test
  void foreignFolderAtTheOutputIsLeftAlone() throws IOException {
    Path precious = Files.createDirectory(folder.resolve("out")).resolve("precious");
    Files.writeString(precious, "data");

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.CONFLICT)).contains("is not this run's");
    assertThat(precious).hasContent("data");
    assertThat(entries()).containsExactly("in", "out");
  }

  @ParameterizedTest
  @ValueSource(strings = {"batch-norm", "layer-norm"})
  void runThatWasCutOffBeforeItsModelPublishesJustTheModel(String type) throws IOException {
    String job = JOB + "norm.type = " + type;
    run(job);
    delete(folder.resolve("store"));
    List<Path> before = files(folder.resolve("out"));

    Summary summary = run(job);

    assertThat(summary.lines()).contains("  model: m v=1").anyMatch(s -> s.contains("2 read"));
    assertThat(manifest("m", 1).at("/counts/records").longValue()).isEqualTo(2);
    assertThat(files(folder.resolve("out"))).isEqualTo(before);
    assertThat(run(job).lines().get(0)).contains("already published");
  }

  @ParameterizedTest
  @CsvSource({"out, _out", "day=1, .day=1"})
  void whatAnInterruptedReplacementSetAsideIsPutBack(String name, String hidden)
      throws IOException {
    String job = JOB.replace("${dir}/out", "${dir}\"/%s\"".formatted(name));
    run(job);
    Path aside = folder.resolve(hidden + ".sparknorm-replaced-1764086400000-0123abcd");
    Files.move(folder.resolve(name), aside);

    assertThat(run(job).lines().get(0)).contains("already published");
    assertThat(spark().read().parquet(folder.resolve(name).toString()).count()).isEqualTo(2);
    assertThat(entries()).containsExactlyInAnyOrder("in", name, "store");
  }

  @Test
  void lastOfSeveralReplacementsIsPutBackAndTheOthersAreRemoved() throws IOException {
    run(JOB);
    Path obsolete = folder.resolve("_out.sparknorm-replaced-1764086300000-ffffffff");
    Files.createDirectory(obsolete);
    Files.move(folder.resolve("out"), folder.resolve("_out.sparknorm-replaced-1764086400000-0"));

    assertThat(run(JOB).lines().get(0)).contains("already published");
    assertThat(output().count()).isEqualTo(2);
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @ParameterizedTest
  @ValueSource(strings = {"day", "_day", "day:1"})
  void partitionsOfTheRunAreReplacedAndOthersAreLeft(String day) throws IOException {
    write("in1", days("float(id)", 0, 6).replace("day", "`" + day + "`"));
    write("in2", days("float(id * id)", 3, 6).replace("day", "`" + day + "`"));
    String job = JOB + "output { if-exists = replace-partitions, partition-by = [\"%s\", even] }\n";
    job = job.formatted(day);
    run(job.replace("${dir}/in", "${dir}/in1"));
    Path untouched = folder.resolve("out/%s=0/even=true".formatted(day.replace(":", "%3A")));
    List<Path> before = files(untouched);

    run(job.replace("${dir}/in", "${dir}/in2"));

    assertThat(files(untouched)).isEqualTo(before);
    assertThat(output().select("id").orderBy("id").collectAsList().stream().map(r -> r.getLong(0)))
        .containsExactly(0L, 1L, 3L, 4L, 5L);
    assertThat(output().where("id = 3 and x[0] < 0").count()).isEqualTo(1); // the new one
    assertThat(entries()).containsExactly("in", "in1", "in2", "out", "store");
    assertThat(run(job.replace("${dir}/in", "${dir}/in2")).lines().get(0))
        .contains("already published");
  }

  @Test
  void partitionThatAnInterruptedReplacementSetAsideIsPutBack() throws IOException {
    write("days", days("float(id)", 0, 6).replace("day", "_day"));
    String job =
        JOB.replace("${dir}/in", "${dir}/days")
            + "output { if-exists = replace-partitions, partition-by = [_day] }\n";
    run(job);
    Path aside = folder.resolve("_out.sparknorm-partitions-1764086400000-0123abcd");
    Files.createDirectory(aside);
    Files.move(folder.resolve("out/_day=1"), aside.resolve("_day=1"));
    Files.createDirectory(aside.resolve("_day=0"));
    Files.createFile(aside.resolve("_day=0/obsolete"));

    assertThat(run(job).lines().get(0)).contains("already published");
    assertThat(output().count()).isEqualTo(5);
    assertThat(entries()).containsExactly("days", "in", "out", "store");
  }

  @Test
  void folderWithoutPartitionsIsNotMixedWithThem() throws IOException {
    write("days", days("float(id)", 0, 6));
    run(JOB);

    assertThat(
            refusal(
                Command.RUN,
                JOB.replace("${dir}/in", "${dir}/days")
                    + "output { if-exists = replace-partitions, partition-by = [day] }",
                LeavingStatus.CONFLICT))
        .matches(
            "Cannot replace partitions of (.*/out): \\1/part-.*parquet is no partition by day");
    assertThat(refusal(Command.RUN, JOB + "output.partition-by = [day]", LeavingStatus.DATA))
        .isEqualTo("Cannot part the output by day: the input has id, x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"day", "day, x2", "day, even, x2"})
  void partitionsByOtherColumnsAreNotMixed(String columns) throws IOException {
    write("days", days("float(id)", 0, 6).replace("SELECT id,", "SELECT id, 1 AS x2,"));
    String job = JOB.replace("${dir}/in", "${dir}/days") + "output.partition-by = [day, even]\n";
    run(job);

    assertThat(
            refusal(
                Command.RUN,
                job
                    + "output { if-exists = replace-partitions, partition-by = [%s] }"
                        .formatted(columns),
                LeavingStatus.CONFLICT))
        .matches(
            "Cannot replace partitions of (.*/out): \\1/day=./even=.* is no partition by "
                + columns);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bulk", "spark"})
  void placeholdersMakeANewPathForEachRunAndTheSameForTheSameRun(String writer) throws IOException {
    String job =
        JOB + "output { path = ${dir}\"/out/d={date}/r={run}\", writer = " + writer + " }\n";
    run(job);
    run(job + "norm.epsilon = 1");

    assertThat(run(job).lines().get(0)).contains("already published");
    List<Path> days = files(folder.resolve("out"));
    assertThat(days).singleElement().asString().matches(".*/d=\\d{4}-\\d\\d-\\d\\d");
    assertThat(files(days.get(0)))
        .hasSize(2)
        .allSatisfy(run -> assertThat(run.toString()).matches(".*/r=[0-9a-f]{16}"));
    assertThat(spark().read().parquet(folder.resolve("out").toString()).count()).isEqualTo(4);
  }

  private static String days(String value, int from, int to) {
    return """
    SELECT id, array(%s) AS x, id %% 3 AS day, id %% 2 = 0 AS even FROM range(%d, %d)
    WHERE id <> 2
    """
        .formatted(value, from, to);
  }

  @Test
  void outputThatAppearsMeanwhileIsNotOverwritten() throws IOException {
    Path out = folder.resolve("out");
    SparkListener rival =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            try {
              Files.createDirectories(out);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    spark().read().parquet(folder.resolve("in").toString()).createOrReplaceTempView("pinned");
    spark().sparkContext().addSparkListener(rival);
    try {
      assertThat(
              refusal(
                  Command.RUN,
                  JOB.replace("input.path = ${dir}/in", "input.table = pinned"),
                  LeavingStatus.CONFLICT))
          .isEqualTo(
              "Cannot publish output: %s appeared while this run was under way (another run"
                      .formatted(out)
                  + " published first)");
    } finally {
      spark().sparkContext().removeSparkListener(rival);
    }

    assertThat(out).isEmptyDirectory();
    assertThat(entries()).containsExactly("in", "out");
  }

  /** On another disk, perhaps, to which nothing can be renamed from beside the link. */
  @ParameterizedTest
  @CsvSource({
    "fail, nowhere",
    "replace, nowhere",
    "replace, there",
    "replace-partitions, there",
    "skip, nowhere",
    "skip, there"
  })
  void outputMayNotBeALink(String ifExists, String leads) throws IOException {
    Files.createDirectory(folder.resolve("there"));
    Path link = Files.createSymbolicLink(folder.resolve("out"), folder.resolve(leads));

    assertThat(
            refusal(
                Command.RUN,
                JOB + "output { if-exists = %s, partition-by = [id] }\n".formatted(ifExists),
                LeavingStatus.USAGE))
        .isEqualTo(
            "Invalid output.path: %s (a symbolic link, where results are renamed into place from"
                    .formatted(link)
                + " beside it; write to where it leads)");
    assertThat(link).isSymbolicLink();
    assertThat(folder.resolve("there")).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({
    "links/in, in",
    "in, links/in",
    "farm/real, farm/links",
    "farm/links/a.parquet, farm/links"
  })
  void outputMayNotLeadToTheInput(String output, String input) throws IOException {
    Files.createSymbolicLink(folder.resolve("links"), folder);
    write("farm/real", "SELECT id, array(CAST(id AS float)) AS x FROM range(3)");
    Path file =
        Path.of(
            spark()
                .read()
                .parquet(folder.resolve("farm/real").toString())
                .inputFiles()[0]
                .replaceFirst("file:/*", "/"));
    Files.createDirectory(folder.resolve("farm/links"));
    Files.createSymbolicLink(folder.resolve("farm/links/a.parquet"), file);
    String job = JOB + "output.if-exists = replace\n";

    assertThat(
            refusal(
                Command.RUN,
                job.replace("${dir}/in", "${dir}/" + input)
                    .replace("${dir}/out", "${dir}/" + output),
                LeavingStatus.USAGE))
        .startsWith("Cannot write output: %s/%s is where the input is".formatted(folder, output));
  }

  @Test
  void outputMayNotBeTheInput() {
    spark().read().parquet(folder.resolve("in").toString()).write().saveAsTable("sparknorm_in");
    assertThat(
            refusal(
                Command.RUN,
                JOB + "output { path = ${dir}/in, if-exists = replace }",
                LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot write output: %s is where the input is (write to another path or table)"
                .formatted(folder.resolve("in")));
    String job = TABLE_JOB + "input { path = null, table = INPUT }\n";
    for (String input : List.of("sparknorm_in", "default.SPARKNORM_IN", "`default`.sparknorm_in")) {
      for (String output : List.of("sparknorm_in", "spark_catalog.default.sparknorm_in")) {
        assertThat(
                refusal(
                    Command.RUN,
                    job.replace("INPUT", "\"" + input + "\"")
                        + "output { table = %s, if-exists = replace }".formatted(output),
                    LeavingStatus.USAGE))
            .startsWith("Cannot write output: %s is where the input is".formatted(output));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "in/deep/day=1,",
    "in/_day=1,",
    "days/out,",
    "days/../days//out,",
    "days/../links/days/out,",
    "days/day=2/out,",
    "in/out, output.partition-by = [id]",
    "in/out, input.options.recursiveFileLookup = true",
    "days/day=1/out, 'input { path = ${dir}\"/days/day=1\", options.basePath = ${dir}/days }'"
  })
  void outputMayNotBeWhereTheNextRunFindsIt(String within, String settings) throws IOException {
    Files.createSymbolicLink(folder.resolve("links"), folder);
    write("days/day=1", "SELECT id, x FROM VALUES (1, array(1F)), (3, array(3F)) AS t(id, x)");
    Files.createSymbolicLink(folder.resolve("days/day=2"), folder.resolve("in"));
    String job =
        JOB
            + "input.path = ${dir}/%s\noutput.path = ${dir}\"/%s\"\n"
                .formatted(within.replaceFirst("/.*", ""), within)
            + (settings == null ? "" : settings);

    assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot write output: %s/%s is within input.path, where the next run finds it (write to"
                    .formatted(folder, within)
                + " a path beside that)");
    assertThat(entries()).containsExactly("days", "in", "links");
  }

  /** Spark does not look into the folders in one that has files. */
  @ParameterizedTest
  @ValueSource(strings = {"in/_out", "in/.hidden/day=1", "in-normalised", "in/out"})
  void outputMayBeWhereReadersOfTheInputPassItOver(String place) throws IOException {
    String job =
        JOB
            + "input.options.recursiveFileLookup = false\noutput.path = ${dir}\"/%s\""
                .formatted(place);
    run(job);

    assertThat(run(job).lines().get(0)).contains("already published");
    assertThat(files(folder.resolve(place))).isNotEmpty();
  }

  @Test
  void basePathWithoutPartitionsHidesNoFolder() throws IOException {
    String job = JOB + "input.options.basePath = ${dir}/in\noutput.path = ${dir}/in/out\n";
    run(job);

    assertThat(run(job).lines().get(0)).contains("already published");
  }

  /** Spark takes the name of a table that is not there for a file's. */
  @Test
  void tableMayBeInADatabaseThatIsNamedAsAFormat() throws IOException {
    spark().sql("CREATE DATABASE parquet");
    try {
      run(TABLE_JOB + "output.table = parquet.features\n");

      assertThat(spark().table("parquet.features").count()).isEqualTo(2);
    } finally {
      spark().sql("DROP DATABASE parquet CASCADE");
    }
  }

  @Test
  void outputMayNotBeWhatAViewOrAPathLeadsTo() throws IOException {
    run(TABLE_JOB);
    spark().sql("CREATE TEMP VIEW sparknorm_view AS SELECT * FROM sparknorm_out WHERE id > 1");
    String path = spark().table("sparknorm_out").inputFiles()[0].replaceFirst("/[^/]*$", "");
    String job = TABLE_JOB + "output.if-exists = replace\n";
    try {
      for (String input :
          List.of(
              "input { path = null, table = sparknorm_view }",
              "input.path = \"%s\"".formatted(path))) {
        assertThat(refusal(Command.RUN, job + input, LeavingStatus.USAGE))
            .startsWith("Cannot write output: sparknorm_out is where the input is");
      }
    } finally {
      spark().catalog().dropTempView("sparknorm_view");
    }
  }

  @Test
  void csvIsRefusedForArraysBeforeTheFit() throws IOException {
    assertThat(refusal(Command.RUN, JOB + "output.format = csv", LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot write output: csv holds no column such as x, array<float>"
                + " (write parquet, orc or json)");
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void tablesArePublishedAndReplaced() throws IOException {
    Summary first = run(TABLE_JOB);
    assertThat(first.lines())
        .contains(
            "  column x: batch-norm, 1 channels; records: 2 read, 0 dropped, 2 written; faults:"
                + " none",
            "  output: sparknorm_out");
    assertThat(json(spark().table("sparknorm_out")))
        .containsExactly("{\"id\":1,\"x\":[-1.0]}", "{\"id\":3,\"x\":[1.0]}");
    assertThat(run(TABLE_JOB).lines().get(0)).contains("already published");

    String other = TABLE_JOB + "norm { weight = [2] }\n";
    assertThat(refusal(Command.RUN, other, LeavingStatus.CONFLICT))
        .startsWith("Cannot write output: sparknorm_out exists and is not this run's");

    run(other + "output.if-exists = replace");
    assertThat(json(spark().table("sparknorm_out")))
        .containsExactly("{\"id\":1,\"x\":[-2.0]}", "{\"id\":3,\"x\":[2.0]}");
    assertThat(tables()).containsExactly("sparknorm_out");
  }

  @Test
  void tableThatAnInterruptedReplacementSetAsideIsPutBack() throws IOException {
    run(TABLE_JOB);
    spark()
        .sql(
            "ALTER TABLE sparknorm_out RENAME TO"
                + " sparknorm_out__sparknorm_replaced_1764086400000_0123abcd");

    assertThat(run(TABLE_JOB).lines().get(0)).contains("already published");
    assertThat(tables()).containsExactly("sparknorm_out");
  }

  @Test
  void partitionsOfATableAreReplacedAndOthersAreLeft() throws IOException {
    write("in1", days("float(id)", 0, 6));
    write("in2", days("float(id * id)", 4, 6));
    String job = TABLE_JOB + "output { if-exists = replace-partitions, partition-by = [day] }\n";
    run(job.replace("${dir}/in", "${dir}/in1"));
    assertThat(ids()).containsExactly(0L, 1L, 3L, 4L, 5L);

    run(job.replace("${dir}/in", "${dir}/in2"));

    assertThat(ids()).containsExactly(0L, 3L, 4L, 5L);
    assertThat(run(job.replace("${dir}/in", "${dir}/in2")).lines().get(0))
        .contains("already published");
    assertThat(tables()).containsExactly("sparknorm_out");
    assertThat(spark().conf().get("spark.sql.sources.partitionOverwriteMode"))
        .isEqualToIgnoringCase("static");

    assertThat(
            refusal(
                Command.RUN,
                job.replace("${dir}/in", "${dir}/in2") + "output.partition-by = [even]",
                LeavingStatus.CONFLICT))
        .isEqualTo(
            "Cannot replace partitions of sparknorm_out: it is partitioned by [day]"
                + " (output.partition-by is [even])");
  }

  @Test
  void optionsOfTheOutputAndSettingsOfTheSessionHoldForATable() throws IOException {
    spark()
        .sql(
            "CREATE TABLE sparknorm_in (Id INT, X ARRAY<FLOAT>, Code CHAR(4), Name VARCHAR(4), Day"
                + " INT) USING parquet");
    String values = "INSERT OVERWRITE sparknorm_in VALUES %s (3, array(3F), 'ef', 'gh', 8)";
    spark().sql(values.formatted("(1, array(1F), 'ab', 'cd', 7),"));
    String job =
        TABLE_JOB
            + """
            input { path = null, table = sparknorm_in }
            output { if-exists = replace-partitions, partition-by = [DAY], options { compression = gzip } }
            """;
    spark().conf().set("spark.sql.sources.partitionOverwriteMode", "dynamic");
    spark().conf().set("spark.sql.storeAssignmentPolicy", "STRICT");
    try {
      run(job);
      spark().sql(values.formatted(""));
      run(job);
    } finally {
      spark().conf().unset("spark.sql.sources.partitionOverwriteMode");
      spark().conf().unset("spark.sql.storeAssignmentPolicy");
    }

    Dataset<Row> table = spark().table("sparknorm_out");
    assertThat(json(table))
        .containsExactly(
            "{\"Id\":1,\"x\":[-1.0],\"Code\":\"ab  \",\"Name\":\"cd\",\"Day\":7}",
            "{\"Id\":3,\"x\":[0.0],\"Code\":\"ef  \",\"Name\":\"gh\",\"Day\":8}");
    assertThat(table.inputFiles()).hasSize(2).allMatch(file -> file.endsWith(".gz.parquet"));
  }

  @Test
  void tableWithoutRecordsIsPublished() throws IOException {
    write("none", "SELECT * FROM VALUES (1, array(1F), 2) AS t(id, x, day) WHERE id > 1");
    run(
        TABLE_JOB
            + """
            input.path = ${dir}/none
            norm = { type = layer-norm }
            output.partition-by = [day]
            """);
    assertThat(spark().table("sparknorm_out").count()).isZero();
    assertThat(spark().table("sparknorm_out").columns()).containsExactly("id", "x", "day");
  }

  @Test
  void tablesOfANamespaceAreStagedAndReplacedThere() throws IOException {
    spark().sql("CREATE DATABASE sparknorm_db");
    try {
      String job = TABLE_JOB + "output.table = spark_catalog.sparknorm_db.sparknorm_t\n";
      run(job);
      run(job + "norm.weight = [2]\noutput.if-exists = replace");

      assertThat(json(spark().table("sparknorm_db.sparknorm_t")))
          .containsExactly("{\"id\":1,\"x\":[-2.0]}", "{\"id\":3,\"x\":[2.0]}");
      assertThat(spark().sql("SHOW TABLES IN sparknorm_db").where("not isTemporary").count())
          .isEqualTo(1);
    } finally {
      spark().sql("DROP DATABASE sparknorm_db CASCADE");
    }
  }

  @Test
  void viewHasAnIdentityOfItsOwnAndIsNeverTakenForTheSameRun() throws IOException {
    spark().read().parquet(folder.resolve("in").toString()).createOrReplaceTempView("viewed");
    String job = JOB.replace("input.path = ${dir}/in", "input.table = viewed");
    run(job);

    assertThat(refusal(Command.RUN, job, LeavingStatus.CONFLICT)).contains("is not this run's");
    run(job + "output.if-exists = replace");
    assertThat(version("m", 2)).exists();
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  @Test
  void noTableIsLeftWhenAJobFails() throws IOException {
    write("faulty", "SELECT 1 AS id, array(1F, 2F) AS x");

    refusal(Command.RUN, TABLE_JOB + "input.path = ${dir}/faulty", LeavingStatus.DATA);

    assertThat(tables()).isEmpty();
  }

  private List<Long> ids() {
    return spark().table("sparknorm_out").orderBy("id").collectAsList().stream()
        .map(row -> row.<Long>getAs("id"))
        .toList();
  }

  private List<String> tables() {
    return spark().sql("SHOW TABLES LIKE 'sparknorm*'").collectAsList().stream()
        .map(row -> row.getString(1))
        .toList();
  }

  private List<Float> xs() {
    return output().orderBy("id").collectAsList().stream()
        .map(row -> row.<Float>getList(row.fieldIndex("x")).get(0))
        .toList();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void delete(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
