package io.sparknorm.spark.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * A comparison in a process of its own, which Linux holds to some of the cores. It waits for its
 * turn before each work, so that processes can be compared work by work, whatever the machine's
 * moods. By its output it tells that it waits, by its input that it may go on.
 */
final class HeldProcess {
  private static final String WAITING = "waiting";

  private final Process process;
  private final BufferedReader told;

  private HeldProcess(Process process) {
    this.process = process;
    this.told = process.inputReader();
  }

  /** Starts one with the options of this Java, and waits until it waits. */
  static HeldProcess start(int cores, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("taskset", "--cpu-list", "0-" + (cores - 1), "java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.add(Comparison.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    HeldProcess held =
        new HeldProcess(builder.redirectError(ProcessBuilder.Redirect.INHERIT).start());
    held.isWaiting();
    return held;
  }

  /** Lets it go on to where it waits again; false if it has ended instead. */
  boolean takeTurn() throws IOException {
    process.outputWriter().append('\n').flush();
    return isWaiting();
  }

  private boolean isWaiting() throws IOException {
    String line = told.readLine();
    while (line != null && !line.equals(WAITING)) {
      line = told.readLine();
    }
    if (line == null) {
      checkDone();
    }

    return line != null;
  }

  private void checkDone() throws IOException {
    int status;
    try {
      status = process.waitFor();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
    if (status != 0) {
      throw new IOException("Cannot compare: a process has left with status " + status);
    }
  }

  /** What the process itself does before each work. */
  static void awaitTurn() {
    System.out.println(WAITING);
    try {
      if (System.in.read() < 0) {
        throw new IllegalStateException("The comparison has gone that this process is a part of");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
