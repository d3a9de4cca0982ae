package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.cluster.Cluster.DeployMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar on a cluster gives, bit by bit, what it gives on one machine. */
class TestCluster extends ClusterTest {
  @TempDir static Path home;
  private static Cluster cluster;
  private static Results expected;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = Cluster.start(home);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void runLocally() throws IOException {
    if (expected == null) {
      assertDone(cluster.submitLocally(NO_SETTINGS, "run", "--config", job("local")));
      expected = results("local");
    }
  }

  @Test
  void clientModeGivesTheResultsOfLocalMode() throws IOException {
    assertDone(cluster.submit(DeployMode.CLIENT, NO_SETTINGS, "run", "--config", job("client")));
    assertThat(results("client")).isEqualTo(expected);
  }

  /** They list its folders, where there are many, and would pass over what they cannot name. */
  @Test
  void executorsNameFilesAsTheirDriverDoes() throws IOException {
    String job = job("named");
    Path input = folder.resolve("named/in");
    try (Stream<Path> files = Files.list(input)) {
      Path file =
          files.filter(path -> path.toString().endsWith(".parquet")).findFirst().orElseThrow();
      Files.move(file, input.resolve("Köln.parquet"));
    }
    Map<String, String> settings =
        Map.of("spark.sql.sources.parallelPartitionDiscovery.threshold", "0");

    assertDone(cluster.submit(DeployMode.CLIENT, settings, "run", "--config", job));

    assertThat(spark().read().parquet(folder.resolve("named/out").toString()).count())
        .isEqualTo(4000);
  }

  @Test
  @Tag("faults")
  void clusterModeGivesTheResultsOfLocalMode() throws IOException {
    assertDone(cluster.submit(DeployMode.CLUSTER, NO_SETTINGS, "run", "--config", job("cluster")));
    assertThat(results("cluster")).isEqualTo(expected);
  }

  /** The listener, among the tests' classes, starts the thread. */
  @Test
  @Tag("faults")
  void noThreadHoldsADriverInTheCluster() throws IOException {
    Map<String, String> settings =
        Map.of(
            "spark.extraListeners",
            "io.sparknorm.spark.app.StoppingListener",
            "spark.driver.extraClassPath",
            Path.of(System.getProperty("sparknorm.target"), "test-classes").toString());
    assertDone(cluster.submit(DeployMode.CLUSTER, settings, "run", "--config", job("held")));
    assertThat(results("held")).isEqualTo(expected);
  }
}
