package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.cluster.Cluster.DeployMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Input, output, store and job file on HDFS and on S3 give what local files give, bit by bit. */
@Tag("faults")
class TestFileSystems extends ClusterTest {
  @TempDir static Path home;
  private static Cluster cluster;
  private static Results expected;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = Cluster.start(home, StorageServer.s3Jars());
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void runLocally() throws IOException {
    String job = job("local");
    if (expected == null) {
      assertDone(cluster.submitLocally(NO_SETTINGS, "run", "--config", job));
      expected = results("local");
    }
  }

  @Test
  void hdfsGivesTheResultsOfLocalFiles() throws IOException {
    try (StorageServer hdfs = StorageServer.hdfs(folder)) {
      String root = hdfs.root() + "/team";
      FileSystem files =
          new org.apache.hadoop.fs.Path(root)
              .getFileSystem(spark().sparkContext().hadoopConfiguration());
      writeJobFile(root);
      files.copyFromLocalFile(path(folder, "local/in"), path(root, "in"));
      files.copyFromLocalFile(path(folder, "local/job.conf"), path(root, "job.conf"));

      assertDone(submit(DeployMode.CLUSTER, NO_SETTINGS, root));
      assertThat(Results.in(root, spark())).isEqualTo(expected);
      assertIsDoneAlready(submit(DeployMode.CLIENT, NO_SETTINGS, root));
    }
  }

  @Test
  void s3GivesTheResultsOfLocalFiles() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder)) {
      String root = upload(s3);
      assertDone(submit(DeployMode.CLUSTER, s3.settings(), root));
      assertPublishedOnS3();
      assertIsDoneAlready(submit(DeployMode.CLIENT, s3.settings(), root));
    }
  }

  @Test
  void driverKilledWhileItWritesToS3IsStartedAgain() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder)) {
      String root = upload(s3);
      killOnce(onS3("out"), s3, root);
      assertThat(onS3("out/_SUCCESS")).doesNotExist();
      assertThat(onS3("store/m/v=1/manifest.json")).doesNotExist();

      assertDone(submit(DeployMode.CLIENT, s3.settings(), root));
      assertPublishedOnS3();
    }
  }

  /** It may have published by the time that it is dead. */
  @Test
  void driverKilledWhileItPublishesOnS3IsStartedAgain() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder)) {
      String root = upload(s3);
      killOnce(onS3("out/_sparknorm.json"), s3, root);

      assertDone(submit(DeployMode.CLIENT, s3.settings(), root));
      assertPublishedOnS3();
    }
  }

  /** Kills the driver of a run once it has written a file. */
  private void killOnce(Path file, StorageServer s3, String root) throws IOException {
    Jvm submission = submit(DeployMode.CLIENT, s3.settings(), root);
    submission.awaitFile(file);
    submission.kill();
  }

  @Test
  void ofRivalsOnS3OneHasPublishedByTheTimeThatBothEnd() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder)) {
      String root = upload(s3);
      Jvm one = submit(DeployMode.CLIENT, s3.settings(), root);
      Jvm other = submit(DeployMode.CLIENT, s3.settings(), root);
      List<Integer> left = List.of(one.await(), other.await());
      assertThat(left)
          .as(one.output() + other.output())
          .contains(LeavingStatus.DONE.number())
          .isSubsetOf(LeavingStatus.DONE.number(), LeavingStatus.CONFLICT.number());
      assertPublishedOnS3();

      assertIsDoneAlready(submit(DeployMode.CLIENT, s3.settings(), root));
      assertPublishedOnS3();
    }
  }

  /** Puts the job file and the input into the bucket; gives the root that they are beneath. */
  private String upload(StorageServer s3) throws IOException {
    String root = s3.root() + "/team";
    writeJobFile(root);
    s3.put(folder.resolve("local/job.conf"), "team/job.conf");
    try (Stream<Path> input = Files.list(folder.resolve("local/in"))) {
      for (Path file : input.filter(name -> name.toString().endsWith(".parquet")).toList()) {
        s3.put(file, "team/in/" + file.getFileName());
      }
    }

    return root;
  }

  private Path onS3(String name) {
    return StorageServer.files(folder).resolve("team").resolve(name);
  }

  private void assertPublishedOnS3() throws IOException {
    assertThat(Results.in(onS3("").toString(), spark())).isEqualTo(expected);
    assertThat(onS3("store/m").toFile().list()).containsExactly("v=1");
    try (Stream<Path> output = Files.list(onS3("out"))) {
      assertThat(output.map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.startsWith("part-"))
          .containsExactlyInAnyOrder("_SUCCESS", "_sparknorm.json");
    }
  }

  private Jvm submit(DeployMode mode, Map<String, String> settings, String root)
      throws IOException {
    return cluster.submit(mode, settings, "run", "--config", root + "/job.conf");
  }

  private static void assertIsDoneAlready(Jvm submission) {
    assertDone(submission);
    assertThat(submission.output()).contains("this run is already published, nothing to do");
  }

  /** Rewrites the local job file for folders beneath another root. */
  private void writeJobFile(String root) throws IOException {
    Files.writeString(folder.resolve("local/job.conf"), JOB.replace("${root}", root));
  }

  private static org.apache.hadoop.fs.Path path(Object folder, String name) {
    return new org.apache.hadoop.fs.Path(folder.toString(), name);
  }
}
