package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.cluster.Cluster.DeployMode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar on a cluster gives, bit by bit, what it gives on one machine. */
class TestCluster extends ClusterTest {
  @TempDir static Path home;
  private static Cluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = Cluster.start(home);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void bothDeployModesGiveTheResultsOfLocalMode() throws IOException {
    assertDone(cluster.submitLocally(NO_SETTINGS, "run", "--config", job("local")));
    Results expected = results("local");

    assertDone(cluster.submit(DeployMode.CLIENT, NO_SETTINGS, "run", "--config", job("client")));
    assertThat(results("client")).isEqualTo(expected);

    assertDone(cluster.submit(DeployMode.CLUSTER, NO_SETTINGS, "run", "--config", job("cluster")));
    assertThat(results("cluster")).isEqualTo(expected);
  }
}
