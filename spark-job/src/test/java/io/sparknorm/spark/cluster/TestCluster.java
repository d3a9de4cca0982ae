package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.cluster.Cluster.DeployMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
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
