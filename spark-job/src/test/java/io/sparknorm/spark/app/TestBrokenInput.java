package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parquet files that are damaged, and disks that are full. */
class TestBrokenInput extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = "halt:${dir}/out"
      features { column = x, shape = [1] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = ${dir}/store, model = m }
      """;

  @BeforeEach
  void writeInput() {
    HaltingFileSystem.install(spark().sparkContext().hadoopConfiguration());
    write("in", "SELECT id, array(float(rand(1))) AS x FROM range(10000)");
  }

  @AfterEach
  void goOn() {
    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
  }

  @Test
  void truncatedFileIsAFaultOfTheDataThatNamesTheFile() throws IOException {
    Path file = file();
    byte[] content = Files.readAllBytes(file);
    replace(file, Arrays.copyOf(content, content.length / 2));

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.DATA))
        .startsWith("Cannot read the input: ")
        .contains(file.getFileName().toString())
        .doesNotContain("\n");
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void emptyFileIsAFaultOfTheDataThatNamesTheFile() throws IOException {
    Path file = file();
    replace(file, new byte[0]);

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.DATA))
        .startsWith("Cannot read the input: ")
        .contains(file.getFileName().toString());
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void corruptedPagesAreAFaultOfTheDataThatNamesTheFile() throws IOException {
    Path file = file();
    byte[] content = Files.readAllBytes(file);
    Arrays.fill(content, 100, content.length / 2, (byte) 0x55);
    replace(file, content);

    assertThat(refusal(Command.RUN, JOB, LeavingStatus.DATA))
        .startsWith("Cannot read the input: ")
        .contains(file.getFileName().toString())
        .doesNotContain("\n");
    assertThat(entries()).containsExactly("in");
  }

  /** Spark's listings have none of these: bytes that are no letters stand for a poor locale. */
  @ParameterizedTest
  @CsvSource({
    "K\\xf6ln.parquet, in",
    "city=K\\xf6ln/a.parquet, in",
    "city=Bonn/K\\xf6ln.parquet, i[n]",
    "K\\xf6ln.parquet, in/*",
    "city=K\\xf6ln/a.parquet, '{in,in/city=*}'",
    "city=K\\xf6ln/a.parquet, '{in/part*,in/c*/*}'",
    "../K\\xf6ln/in/a.parquet, '{in,*/in/*}'"
  })
  void whatJavaCannotSpellIsNotPassedOver(String name, String input) throws Exception {
    copy(file(), name);
    String path = folder.resolve(input).toString();
    assertThat(spark().read().parquet(path).count()).isEqualTo(10_000);
    String job = JOB + "input.path = \"%s\"\n".formatted(path);

    assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE))
        .startsWith("Cannot read all of the input: Java cannot spell the name of " + folder)
        .contains("K\uFFFDln")
        .contains("LC_ALL=C.UTF-8");
    assertThat(entries()).doesNotContain("out", "store");
  }

  @ParameterizedTest
  @CsvSource({
    "K\\xf6ln.parquet, in",
    "city=K\\xf6ln/a.parquet, in",
    "K\\xf6ln.parquet, in/*.parquet"
  })
  void whereThereIsNothingElseTheInputIsNotTakenForEmpty(String name, String input)
      throws Exception {
    Path file = file();
    copy(file, name);
    Files.delete(file);
    String job = JOB + "input.path = ${dir}\"/%s\"\n".formatted(input);

    assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE)).contains("cannot spell");
  }

  @ParameterizedTest
  @CsvSource({"K\\xf6ln.txt, in/*.parquet", "../K\\xf6ln/a.txt, */*.parquet"})
  void whatAPatternDoesNotMatchNeedNotBeSpelt(String name, String input) throws Exception {
    copy(file(), name);
    String job = JOB + "input.path = ${dir}\"/%s\"\n".formatted(input);

    assertThat(run(job).lines().get(0)).contains("done");
  }

  @Test
  void partitionOfATableIsLookedAtWhereverItIs() throws Exception {
    copy(file(), "K\\xf6ln.parquet");
    spark()
        .sql(
            "CREATE TABLE parted (id BIGINT, x ARRAY<FLOAT>, day INT) USING parquet"
                + " PARTITIONED BY (day) LOCATION '%s'".formatted(folder.resolve("table")));
    try {
      spark()
          .sql(
              "ALTER TABLE parted ADD PARTITION (day = 1) LOCATION '%s'"
                  .formatted(folder.resolve("in")));
      String job = JOB.replace("input.path = ${dir}/in", "input.table = parted");

      assertThat(refusal(Command.RUN, job, LeavingStatus.USAGE)).contains("K\uFFFDln");
    } finally {
      spark().sql("DROP TABLE parted");
    }
  }

  @Test
  void whatIsHiddenNeedNotBeSpelt() throws Exception {
    copy(file(), "_temporary/K\\xf6ln.parquet");

    assertThat(run(JOB).lines().get(0)).contains("done");
  }

  /** Copies a file to a name beside it, given as Bash writes bytes. */
  private static void copy(Path file, String name) throws Exception {
    String script = "mkdir -p \"$(dirname $'%1$s')\" && cp \"$1\" $'%1$s'".formatted(name);
    Process process =
        new ProcessBuilder("bash", "-c", script, "copy", file.toString())
            .directory(file.getParent().toFile())
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void fullDiskMayBeTriedAgainAndIsLeftAsItWas() throws IOException {
    HaltingFileSystem.fullAfter(Integer.MAX_VALUE);
    run(JOB);
    int writes = HaltingFileSystem.operations();
    assertThat(writes).isGreaterThan(5);
    FileUtil.fullyDelete(folder.resolve("out").toFile());
    FileUtil.fullyDelete(folder.resolve("store").toFile());

    for (int n = 0; n < writes; n++) {
      HaltingFileSystem.fullAfter(n);

      assertThat(refusal(Command.RUN, JOB, LeavingStatus.TRY_AGAIN))
          .startsWith("Cannot write: the disk is full (")
          .doesNotContain("\n");
      assertThat(entries()).containsExactly("in");
    }

    HaltingFileSystem.haltAfter(Integer.MAX_VALUE);
    assertThat(run(JOB).lines().get(0)).contains("done");
    assertThat(entries()).containsExactly("in", "out", "store");
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("in"))) {
      return files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  /** Without its checksum, which would tell Hadoop of it. */
  private static void replace(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
  }
}
