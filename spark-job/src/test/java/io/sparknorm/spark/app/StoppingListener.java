package io.sparknorm.spark.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;

/**
 * For {@code spark.extraListeners}: sends SIGTERM to its own process when Spark starts the job of a
 * number, and starts a thread that would hold the process.
 */
public final class StoppingListener extends SparkListener {
  static final String JOB = "spark.sparknorm.test.stop";

  private final int job;

  public StoppingListener(SparkConf settings) {
    this.job = settings.getInt(JOB, -1);
    new Thread(StoppingListener::linger, "lingering").start();
  }

  private static void linger() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    if (start.jobId() == job) {
      try {
        new ProcessBuilder("kill", "-TERM", String.valueOf(ProcessHandle.current().pid())).start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
