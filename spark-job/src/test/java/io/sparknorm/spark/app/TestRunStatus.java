package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run says of its end, however it comes to it. */
class TestRunStatus {
  private static final String JOB =
      """
      input { path = "DIR/in.json", format = json, options { password = hunter2 } }
      output { path = "DIR/out", options { token = hunter2 }, verify = statistics }
      features { column = x, shape = [2] }
      norm { type = batch-norm, epsilon = 0, momentum = none, running-variance = biased }
      store { path = "DIR/store", model = m }
      faults.null-element = drop-record
      """;
  private static final String LISTENER =
      "-Dspark.extraListeners=" + StoppingListener.class.getName();

  /** A file system whose own library is not there. */
  public static final class LackingFileSystem extends RawLocalFileSystem {
    static {
      lack();
    }

    private static void lack() {
      throw new NoClassDefFoundError("its/Library");
    }
  }

  @TempDir private Path folder;

  @BeforeEach
  void writeInput() throws IOException {
    StringBuilder records = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      records.append("{\"id\": %d, \"x\": [%d, %d]}\n".formatted(i, i, i * i));
    }

    Files.writeString(folder.resolve("in.json"), records + "{\"id\": 100, \"x\": [null, 1]}\n");
  }

  @Test
  void doneAndNoThreadHoldsTheProcess() throws Exception {
    Path day = Files.createDirectories(folder.resolve("days/day=1"));
    Files.copy(folder.resolve("in.json"), day.resolve("in.json"));
    String byDay = "input { path = %s/days, partition-by = day }".formatted(folder);
    JobProcess job = JobProcess.start(folder, JOB + byDay, List.of(LISTENER), "run");
    JobProcess.Left left = job.left();

    assertThat(left.status()).as(left.log()).isZero();
    assertThat(left.log()).contains("Fitting on partitions: 1 scanned (1), 0 reused\n");
    JsonNode status = job.status();
    Instant finished = Instant.parse(status.get("finished").textValue());
    assertThat(Duration.between(finished, left.time())).isLessThan(Duration.ofSeconds(60));
    assertThat(status.get("status").intValue()).isZero();
    assertThat(status.get("word").textValue()).isEqualTo("done");
    assertThat(status.get("application_id").textValue()).startsWith("local-");
    assertThat(status.get("run_identity").textValue()).matches("[0-9a-f]{64}");
    assertThat(status.get("configuration_sha256").textValue()).matches("[0-9a-f]{64}");
    assertThat(status.get("models").toString()).isEqualTo("[\"m v=1\"]");
    assertThat(status.get("output").textValue()).isEqualTo(folder.resolve("out").toString());
    assertThat(status.get("partitions").toString())
        .isEqualTo("{\"scanned\":[\"1\"],\"reused\":[]}");
    assertThat(status.at("/blocks/0/read").longValue()).isEqualTo(101);
    assertThat(status.at("/blocks/0/dropped").longValue()).isEqualTo(1);
    assertThat(status.at("/blocks/0/written").longValue()).isEqualTo(100);
    assertThat(status.at("/blocks/0/faults/null-element").longValue()).isEqualTo(1);
    for (String stage : List.of("fit", "write", "verify", "publish", "total")) {
      assertThat(status.get("seconds").get(stage).doubleValue()).as(stage).isPositive();
    }

    assertThat(status.toString()).doesNotContain("hunter2");
    assertThat(job.entries())
        .containsExactly("_out.run-status.json", "days", "in.json", "job.conf", "out", "store");
  }

  @Test
  void whatComesAfterTheEndChangesNothing() throws Exception {
    String listeners = LISTENER + "," + InterruptingListener.class.getName();
    JobProcess job = JobProcess.start(folder, JOB, List.of(listeners), "run");
    job.awaitPrint();
    job.stop();
    JobProcess.Left left = job.leftAnyhow(); // Spark may tell where it was interrupted

    assertThat(left.status()).as(left.log()).isZero();
    assertThat(left.log()).contains("Cannot stop Spark: java.lang.InterruptedException");
    assertThat(left.out()).startsWith("sparknorm run: done");
    assertThat(job.status().get("word").textValue()).isEqualTo("done");
  }

  @Test
  void countsThatSparkNeverTellsAreNotWaitedForWithoutEnd() throws Exception {
    JobProcess job =
        JobProcess.start(
            folder,
            JOB,
            List.of(
                "-Dspark.extraListeners=" + DeafListener.class.getName(),
                "-Dspark.executor.heartbeatInterval=1s",
                "-Dspark.network.timeoutInterval=1s",
                "-Dspark.network.timeout=3s"),
            "run");
    JobProcess.Left left = job.left();

    assertThat(left.status()).as(left.log()).isEqualTo(75);
    assertThat(job.status().get("reason").textValue())
        .startsWith("Cannot count the records: no word of the pass's end within 3 s");
    assertThat(job.entries()).containsExactly("_out.run-status.json", "in.json", "job.conf");
  }

  @Test
  void tableIsPublishedWithoutAStackTraceThoughItsStatusCannotBeTold() throws Exception {
    String warehouse = "-Dspark.sql.warehouse.dir=" + folder.resolve("warehouse");
    String lacking = "-Dspark.hadoop.fs.lacking.impl=" + LackingFileSystem.class.getName();
    JobProcess.Left left =
        JobProcess.start(
                folder,
                JOB.replace("path = \"DIR/out\"", "table = out, format = parquet"),
                List.of(warehouse, lacking),
                "run",
                "--set",
                "run.status-path=\"lacking:///status.json\"")
            .left();

    assertThat(left.status()).as(left.log()).isZero();
    assertThat(left.log()).contains("Cannot write lacking:/");
    assertThat(folder.resolve("warehouse/out/_SUCCESS")).exists();
    assertThat(folder.resolve("warehouse")).isDirectoryNotContaining("glob:**staged**");
  }

  @Test
  void failureSaysWhyAndHowFarTheRunCame() throws Exception {
    JobProcess job =
        JobProcess.start(folder, JOB, List.of(), "run", "--set", "faults.null-element=fail");
    JobProcess.Left left = job.left();

    assertThat(left.status()).as(left.log()).isEqualTo(3);
    JsonNode status = job.status();
    assertThat(status.get("status").intValue()).isEqualTo(3);
    assertThat(status.get("reason").textValue()).startsWith("Cannot read column x: element 0");
    assertThat(status.at("/seconds/fit").doubleValue()).isPositive();
    assertThat(status.get("blocks")).isEmpty();
    assertThat(job.entries()).containsExactly("_out.run-status.json", "in.json", "job.conf");
  }

  /** The first job reads the input's schema, the next two fit, the fourth writes. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3})
  void stoppedRunPublishesNothingAndCleansUp(int sparkJob) throws Exception {
    JobProcess job =
        JobProcess.start(
            folder,
            JOB,
            List.of(LISTENER, "-D%s=%d".formatted(StoppingListener.JOB, sparkJob)),
            "run");
    JobProcess.Left left = job.left();

    assertThat(left.status()).as(left.log()).isEqualTo(143);
    assertStopped(job);
  }

  @Test
  @Tag("faults")
  void stoppedAtRandomMomentsItPublishesAllOrNothing() throws Exception {
    long start = System.nanoTime();
    assertThat(JobProcess.start(folder, JOB, List.of(), "run").left().status()).isZero();
    int millis = (int) ((System.nanoTime() - start) / 1_000_000);
    List<String> undisturbed = published();
    assertThat(undisturbed).hasSize(102);
    delete("out", "store", "_out.run-status.json");

    Random random = new Random(6);
    int begun = 0;
    for (int i = 0; i < 20; i++) {
      int delay = random.nextInt(millis);
      JobProcess job = JobProcess.start(folder, JOB, List.of(), "run");
      Thread.sleep(delay);
      job.stop();
      JobProcess.Left left = job.left();

      String moment = "after %d of %d ms: %s".formatted(delay, millis, left.log());
      if (left.status() == 0) {
        assertThat(published()).as(moment).isEqualTo(undisturbed);
      } else {
        assertThat(left.status()).as(moment).isEqualTo(143);
        assertThat(job.entries())
            .as(moment)
            .doesNotContain("out")
            .noneMatch(name -> name.contains("staged"));
        begun += job.entries().contains("_out.run-status.json") ? 1 : 0;
      }

      JobProcess again = JobProcess.start(folder, JOB, List.of(), "run");
      assertThat(again.left().status()).as(moment).isZero();
      assertThat(again.entries())
          .as(moment)
          .containsExactly("_out.run-status.json", "in.json", "job.conf", "out", "store");
      assertThat(folder.resolve("store/m/v=2")).as(moment).doesNotExist();
      assertThat(published()).as(moment).isEqualTo(undisturbed);
      delete("out", "store", "_out.run-status.json");
    }

    assertThat(begun).as("signals that met a run which had begun").isPositive();
  }

  /** The output's records, and digests of the statistics and of the exact moments. */
  private List<String> published() throws IOException {
    List<String> published = new ArrayList<>();
    var out = new org.apache.hadoop.fs.Path(folder.resolve("out").toString());
    try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), out).build()) {
      for (Group record = reader.read(); record != null; record = reader.read()) {
        published.add(record.toString());
      }
    }

    try (Stream<Path> files = Files.walk(folder)) {
      files
          .map(Path::toString)
          .filter(file -> file.matches(".*/(stats-[^/]*json|moments-[^/]*bin)"))
          .map(file -> file.replaceAll(".*/(\\w+)-.*", "$1 ") + digest(Path.of(file)))
          .forEach(published::add);
    }

    published.sort(null);
    return published;
  }

  private static String digest(Path file) {
    try {
      return Sha256.of(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delete(String... names) {
    for (String name : names) {
      FileUtil.fullyDelete(folder.resolve(name).toFile());
    }
  }

  private static void assertStopped(JobProcess job) throws IOException {
    assertThat(job.status().get("status").intValue()).isEqualTo(143);
    assertThat(job.status().get("word").textValue()).isEqualTo("stopped");
    assertThat(job.status().get("reason").textValue())
        .isEqualTo("Cannot go on: the process was told to stop; nothing was published");
    assertThat(job.entries()).containsExactly("_out.run-status.json", "in.json", "job.conf");
  }
}
