package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TestStopSignal {
  /** A run that has told its status, is told to stop, and never comes to its end. */
  static final class Endless {
    private Endless() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
      StopSignal.listen().leaveWith(LeavingStatus.GATE);
      new ProcessBuilder("kill", "-TERM", String.valueOf(ProcessHandle.current().pid())).start();
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  /** As long as a scheduler is made to wait. */
  @Test
  @Tag("faults")
  void statusThatWasToldStandsHoweverLongSparkTakesToStop() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    List<String> command = List.of(java, "-classpath", classPath, Endless.class.getName());

    Process process = new ProcessBuilder(command).inheritIO().start();

    assertThat(process.waitFor()).isEqualTo(LeavingStatus.GATE.number());
  }
}
