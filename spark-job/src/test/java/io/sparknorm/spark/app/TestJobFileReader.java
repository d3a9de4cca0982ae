package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestJobFileReader {
  @TempDir private Path folder;

  @Test
  void readsAPathWithAndWithoutAScheme() throws IOException {
    Path file = Files.writeString(folder.resolve("a.conf"), "norm.type = \"ä\"");

    assertThat(reader("").read(file.toString())).isEqualTo("norm.type = \"ä\"");
    assertThat(reader("").read(file.toUri().toString())).isEqualTo("norm.type = \"ä\"");
  }

  @Test
  void bareNameFindsAShippedFile() throws IOException {
    Path file = Files.writeString(folder.resolve("shipped.conf"), "shipped");

    assertThat(reader("file:/none/other.conf," + file.toUri()).read("shipped.conf"))
        .isEqualTo("shipped");
  }

  @Test
  void pathThatLeadsNowhereNeverFindsAShippedFile() throws IOException {
    Path file = Files.writeString(folder.resolve("shipped.conf"), "shipped");

    assertThatThrownBy(() -> reader(file.toUri().toString()).read("/none/shipped.conf"))
        .isInstanceOf(JobException.class)
        .hasMessage(
            "Cannot read /none/shipped.conf: no such file, neither there nor among the files"
                + " shipped with --files");
  }

  @Test
  void unknownFileSystemIsUsage() {
    assertThatThrownBy(() -> reader("").read("nosuch://a/job.conf"))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessage("Cannot read nosuch://a/job.conf: No FileSystem for scheme \"nosuch\"");
  }

  @Test
  void unknownHostIsUsage() {
    assertThatThrownBy(() -> reader("").read("hdfs://no-such-host.invalid/job.conf"))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessage(
            "Cannot read hdfs://no-such-host.invalid/job.conf: java.net.UnknownHostException:"
                + " no-such-host.invalid");
  }

  @Test
  void emptyNameIsNoPath() {
    assertThatThrownBy(() -> reader("").read("")).hasMessage("Invalid --config:  (must be a path)");
  }

  @Test
  void hadoopSettingsOfSparkReachTheFileSystem() {
    SparkConf settings =
        new SparkConf(false).set("spark.hadoop.fs.nosuch.impl", "no.such.FileSystemClass");

    assertThatThrownBy(() -> new JobFileReader(settings).read("nosuch://a/job.conf"))
        .hasMessageContaining("no.such.FileSystemClass");
  }

  private static JobFileReader reader(String shipped) {
    return new JobFileReader(new SparkConf(false).set("spark.files", shipped));
  }
}
