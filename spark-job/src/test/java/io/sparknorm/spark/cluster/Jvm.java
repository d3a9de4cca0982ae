package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Java virtual machine of its own, with the module flags that Spark needs. Closing it ends it and
 * whatever it has started, by their handles; so does the end of the test JVM.
 */
final class Jvm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Process process;
  private final Path log;
  private final List<ProcessHandle> started = new ArrayList<>();

  private Jvm(Process process, Path log) {
    this.process = process;
    this.log = log;
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  /**
   * Starts a main class; what it prints goes to the log.
   *
   * @param options for the virtual machine
   */
  static Jvm start(
      Path log,
      Map<String, String> environment,
      String classPath,
      List<String> options,
      List<String> command)
      throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("@" + System.getProperty("sparknorm.java.options"));
    line.add("-XX:+UseSerialGC");
    line.addAll(options);
    line.add("-classpath");
    line.add(classPath);
    line.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(line).directory(log.getParent().toFile());
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    return new Jvm(builder.start(), log);
  }

  /**
   * The class path of the tests. The product's classes come first: its jar, which is there too,
   * would not take the job files of a library under its own name.
   */
  static String classPath() {
    return Path.of(System.getProperty("sparknorm.target"), "classes")
        + File.pathSeparator
        + System.getProperty("java.class.path");
  }

  /** The leaving status, which has to come in time. */
  int await() {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .as("has ended; its log is %s:%n%s", log, tail())
          .isTrue();
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits for a line in the log and returns what the pattern's group caught. */
  String awaitLine(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      Matcher matcher = wanted.matcher(output());
      if (matcher.find()) {
        return matcher.group(matcher.groupCount());
      }

      assertThat(process.isAlive() && System.nanoTime() < end)
          .as("waits for '%s' in %s:%n%s", pattern, log, tail())
          .isTrue();
      pause();
    }
  }

  /** Waits for a file that this process is to write. */
  void awaitFile(Path file) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(file)) {
      assertThat(process.isAlive() && System.nanoTime() < end)
          .as("waits for %s:%n%s", file, tail())
          .isTrue();
      pause();
    }
  }

  /** All that was printed so far. */
  String output() {
    try {
      return Files.readString(log, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes that this one has started and that still run, and theirs. */
  List<ProcessHandle> children() {
    List<ProcessHandle> children = process.descendants().toList();
    started.addAll(children);
    return children;
  }

  /** SIGKILL to this process alone: what it has started goes on until it notices. */
  void kill() {
    children();
    process.destroyForcibly();
    await();
  }

  @Override
  public void close() {
    children();
    process.destroyForcibly();
    started.forEach(ProcessHandle::destroyForcibly);
    process.onExit().join();
  }

  static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String tail() {
    String text = output();
    return text.substring(Math.max(0, text.length() - 8_000));
  }
}
