package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The job as a process of its own, with the project's logging, in a folder: what its user and
 * scheduler see. Job files write {@code DIR} for the folder.
 */
final class JobProcess {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Path out;
  private final Path log;
  private final Process process;

  /**
   * How a process left.
   *
   * @param time when
   */
  record Left(int status, Instant time, String out, String log) {
    /** Warnings and errors of the log. */
    List<String> messages() {
      return log.lines().filter(line -> line.matches("\\S+ (WARN|ERROR) .*")).toList();
    }
  }

  private JobProcess(Path folder, List<String> command) throws IOException {
    this.folder = folder;
    this.out = Files.createTempFile("sparknorm", ".out");
    this.log = Files.createTempFile("sparknorm", ".log");
    this.process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(log.toFile())
            .start();
  }

  /**
   * Starts a process.
   *
   * @param javaOptions more of them
   * @param arguments the command, then what follows its {@code --config}
   */
  static JobProcess start(Path folder, String job, List<String> javaOptions, String... arguments)
      throws IOException {
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
    Path file = folder.resolve("job.conf");
    Files.writeString(file, job.replace("DIR", folder.toString()));
    command.addAll(List.of("--config", file.toString()));
    command.addAll(List.of(arguments).subList(1, arguments.length));
    return new JobProcess(folder, command);
  }

  /** Sends SIGTERM. */
  void stop() {
    process.destroy();
  }

  /** Waits until it has printed something. */
  void awaitPrint() throws IOException, InterruptedException {
    while (process.isAlive() && Files.size(out) == 0) {
      Thread.sleep(10);
    }
  }

  /** As {@link #leftAnyhow}; no stack trace and no exit code may be in what it said. */
  Left left() throws IOException, InterruptedException {
    Left left = leftAnyhow();
    assertThat(left.log + left.out).doesNotContainIgnoringCase("exit code").doesNotContain("\tat ");
    return left;
  }

  /** Waits for the end; no secret may be in what it said. */
  Left leftAnyhow() throws IOException, InterruptedException {
    try {
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        process.destroyForcibly();
      }

      Left left =
          new Left(process.waitFor(), Instant.now(), Files.readString(out), Files.readString(log));
      assertThat(left.log + left.out).doesNotContain("hunter2");
      return left;
    } finally {
      Files.delete(out);
      Files.delete(log);
    }
  }

  /** What the run says of its end, in the file beside the output. */
  JsonNode status() throws IOException {
    return JSON.readTree(folder.resolve("_out.run-status.json").toFile());
  }

  /** The names in the folder, without the checksum that Hadoop keeps of what it writes. */
  List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !name.endsWith(".crc"))
          .sorted()
          .toList();
    }
  }
}
