package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job as a process of its own, with the project's logging: what its user and scheduler see. */
class TestCommandLine {
  private static final String JOB =
      """
      input { path = "DIR/in.json", format = json, options { password = hunter2 } }
      output { path = "DIR/out", options { token = hunter2 } }
      features { column = x, shape = [2] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = "DIR/store", model = m }
      """;

  @TempDir private Path folder;

  @Test
  void runIsDoneThenRecognisedAndItsOutputIsNotOverwritten() throws Exception {
    writeInput("[1, 10]", "[3, 30]");

    JobProcess.Left first = sparknorm("run");
    assertThat(first.status()).as(first.log()).isZero();
    assertThat(first.out().lines())
        .contains("  model: m v=1", "  output: " + folder.resolve("out"))
        .anyMatch(line -> line.startsWith("sparknorm run: done in "));
    assertThat(first.log()).contains("Effective configuration:", "token=\"***\"");

    JobProcess.Left other = sparknorm("run", "--set", "norm.epsilon=1");
    assertThat(other.status()).as(other.log()).isEqualTo(5);
    assertThat(other.log().lines().toList())
        .last()
        .asString()
        .contains("SparknormApp: Cannot write output: ", " exists and is not this run's");
    assertThat(other.out()).isEmpty();
  }

  @Test
  void faultThatOnlyThePassThatWritesMeetsIsOneLine() throws Exception {
    writeInput("[1, 10]", "[3]");

    JobProcess.Left left = sparknorm("run", "--set", "input.where=size(x) = 2");

    assertThat(left.status()).as(left.log()).isEqualTo(3);
    assertThat(left.messages())
        .singleElement()
        .asString()
        .contains(
            "SparknormApp: Cannot read column x: the array has 1 elements (expected 2 for the shape [2])");
    assertThat(entries()).containsExactly("_out.run-status.json", "in.json", "job.conf");
  }

  @Test
  void inputThatIsDeletedMeanwhileMayBeTriedAgain() throws Exception {
    writeInput("[1, 10]", "[3, 30]");

    JobProcess.Left left =
        sparknorm(
            List.of(
                "-Dspark.extraListeners=" + DeletingListener.class.getName(),
                "-D%s=%s".formatted(DeletingListener.FILE, folder.resolve("in.json"))),
            "run");

    assertThat(left.status()).as(left.log()).isEqualTo(75);
    assertThat(left.messages())
        .singleElement()
        .asString()
        .contains("SparknormApp: Cannot ", "start the run again once the input is complete");
    assertThat(entries()).containsExactly("_out.run-status.json", "job.conf");
  }

  @Test
  void inputThatIsNotThereIsOneLine() throws Exception {
    JobProcess.Left left = sparknorm("run");

    assertThat(left.status()).as(left.log()).isEqualTo(3);
    assertThat(left.messages())
        .singleElement()
        .asString()
        .contains("SparknormApp: Cannot plan the job: [PATH_NOT_FOUND] Path does not exist: ");
  }

  @Test
  void dryRunAndMistakesTouchNothing() throws Exception {
    writeInput("[1, 10]");

    JobProcess.Left dry = sparknorm("run", "--dry-run");
    assertThat(dry.status()).as(dry.log()).isZero();
    assertThat(dry.out()).contains("Would read json", "Would write parquet");

    JobProcess.Left mistake = sparknorm("run", "--set", "norm.epsilonn=1");
    assertThat(mistake.status()).isEqualTo(2);
    assertThat(mistake.messages())
        .singleElement()
        .asString()
        .contains("Unknown key norm.epsilonn", "did you mean norm.epsilon?");
    assertThat(entries()).containsExactly("in.json", "job.conf");
  }

  private JobProcess.Left sparknorm(String... arguments) throws IOException, InterruptedException {
    return sparknorm(List.of(), arguments);
  }

  private JobProcess.Left sparknorm(List<String> javaOptions, String... arguments)
      throws IOException, InterruptedException {
    return JobProcess.start(folder, JOB, javaOptions, arguments).left();
  }

  private void writeInput(String... tensors) throws IOException {
    StringBuilder records = new StringBuilder();
    for (String tensor : tensors) {
      records.append("{\"id\": 1, \"x\": %s}\n".formatted(tensor));
    }

    Files.writeString(folder.resolve("in.json"), records);
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.endsWith(".crc"))
          .sorted()
          .toList();
    }
  }
}
