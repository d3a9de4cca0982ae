package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

    Left first = sparknorm("run");
    assertThat(first.status).as(first.log).isZero();
    assertThat(first.out.lines())
        .contains("  model: m v=1", "  output: " + folder.resolve("out"))
        .anyMatch(line -> line.startsWith("sparknorm run: done in "));
    assertThat(first.log).contains("Effective configuration:", "token=\"***\"");

    Left other = sparknorm("run", "--set", "norm.epsilon=1");
    assertThat(other.status).as(other.log).isEqualTo(5);
    assertThat(other.log.lines().toList())
        .last()
        .asString()
        .contains("SparknormApp: Cannot write output: ", " exists and is not this run's");
    assertThat(other.out).isEmpty();
  }

  @Test
  void faultThatOnlyThePassThatWritesMeetsIsOneLine() throws Exception {
    writeInput("[1, 10]", "[3]");

    Left left = sparknorm("run", "--set", "input.where=size(x) = 2");

    assertThat(left.status).as(left.log).isEqualTo(3);
    assertThat(messages(left))
        .singleElement()
        .asString()
        .contains(
            "SparknormApp: Cannot read column x: the array has 1 elements (expected 2 for the shape [2])");
    assertThat(entries()).containsExactly("in.json", "job.conf");
  }

  @Test
  void inputThatIsDeletedMeanwhileMayBeTriedAgain() throws Exception {
    writeInput("[1, 10]", "[3, 30]");

    Left left =
        sparknorm(
            List.of(
                "-Dspark.extraListeners=" + DeletingListener.class.getName(),
                "-D%s=%s".formatted(DeletingListener.FILE, folder.resolve("in.json"))),
            "run");

    assertThat(left.status).as(left.log).isEqualTo(75);
    assertThat(messages(left))
        .singleElement()
        .asString()
        .contains("SparknormApp: Cannot ", "start the run again once the input is complete");
    assertThat(entries()).containsExactly("job.conf");
  }

  @Test
  void dryRunAndMistakesTouchNothing() throws Exception {
    writeInput("[1, 10]");

    Left dry = sparknorm("run", "--dry-run");
    assertThat(dry.status).as(dry.log).isZero();
    assertThat(dry.out).contains("Would read json", "Would write parquet");

    Left mistake = sparknorm("run", "--set", "norm.epsilonn=1");
    assertThat(mistake.status).isEqualTo(2);
    assertThat(messages(mistake))
        .singleElement()
        .asString()
        .contains("Unknown key norm.epsilonn", "did you mean norm.epsilon?");
    assertThat(entries()).containsExactly("in.json", "job.conf");
  }

  /** How a process left. */
  private record Left(int status, String out, String log) {}

  private Left sparknorm(String... arguments) throws IOException, InterruptedException {
    return sparknorm(List.of(), arguments);
  }

  private Left sparknorm(List<String> javaOptions, String... arguments)
      throws IOException, InterruptedException {
    Path conf = Path.of("..", "conf").toAbsolutePath().normalize();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + conf.resolve("java.options"));
    command.add("-XX:TieredStopAtLevel=1"); // starts sooner
    command.add("-Dlog4j2.configurationFile=" + conf.resolve("log4j2.properties"));
    command.add("-Dspark.master=local[2]");
    command.add("-Dspark.driver.host=127.0.0.1");
    command.add("-Dspark.driver.bindAddress=127.0.0.1");
    command.add("-Dspark.ui.enabled=false");
    command.addAll(javaOptions);
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.addAll(List.of(SparknormApp.class.getName(), arguments[0]));
    Path job = folder.resolve("job.conf");
    Files.writeString(job, JOB.replace("DIR", folder.toString()));
    command.addAll(List.of("--config", job.toString()));
    command.addAll(List.of(arguments).subList(1, arguments.length));
    Path out = Files.createTempFile("sparknorm", ".out");
    Path log = Files.createTempFile("sparknorm", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(log.toFile())
              .start();
      if (!process.waitFor(3, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }

      Left left = new Left(process.waitFor(), Files.readString(out), Files.readString(log));
      assertThat(left.log + left.out)
          .doesNotContain("hunter2")
          .doesNotContainIgnoringCase("exit code")
          .doesNotContain("\tat ");
      return left;
    } finally {
      Files.delete(out);
      Files.delete(log);
    }
  }

  /** Warnings and errors of the log. */
  private static List<String> messages(Left left) {
    return left.log.lines().filter(line -> line.matches("\\S+ (WARN|ERROR) .*")).toList();
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
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
