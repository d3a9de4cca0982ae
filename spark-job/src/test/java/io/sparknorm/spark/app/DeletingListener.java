package io.sparknorm.spark.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;

/** For {@code spark.extraListeners}: deletes a file of the input when a Spark job has read it. */
public final class DeletingListener extends SparkListener {
  static final String FILE = "spark.sparknorm.test.delete";

  private final Path file;

  public DeletingListener(SparkConf settings) {
    this.file = Path.of(settings.get(FILE));
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd end) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
