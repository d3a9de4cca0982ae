package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A million channels over 200 partitions, by a driver of 1 GiB and an executor of 2. */
@Tag("faults")
class TestWideFit extends ClusterTest {
  private static final int CHANNELS = 1_000_000;
  private static final int PARTITIONS = 200;

  @Test
  void aMillionChannelsAreFittedByADriverOf1GibAndAnExecutorOf2() throws IOException {
    spark()
        .sql(
            "SELECT transform(sequence(0, %d), c -> CAST(id + c %% 1000 AS FLOAT)) AS x FROM range(0, %d, 1, %d)"
                .formatted(CHANNELS - 1, PARTITIONS, PARTITIONS))
        .write()
        .parquet(folder + "/in");
    String job =
        jobFile(
            folder,
            """
            input.path = "${root}/in"
            features { column = x, shape = [%d] }
            norm.type = batch-norm
            store { path = "${root}/store", model = m }
            """
                .formatted(CHANNELS));

    try (Cluster cluster = Cluster.start(folder.resolve("cluster"))) {
      Map<String, String> settings =
          Map.of(
              "spark.driver.memory", "1g",
              "spark.executor.memory", "2g",
              "spark.executor.cores", "2",
              "spark.executor.extraJavaOptions", "-XX:+UseSerialGC",
              "spark.cores.max", "2",
              "spark.sql.files.minPartitionNum", String.valueOf(PARTITIONS));
      assertDone(cluster.submit(Cluster.DeployMode.CLUSTER, settings, "fit", "--config", job));
    }

    ModelStore store =
        new ModelStore(folder + "/store", spark().sparkContext().hadoopConfiguration());
    Statistics statistics = store.load(new ModelId("m", 1)).statistics().orElseThrow();
    assertThat(statistics.channels()).isEqualTo(CHANNELS);
    for (int c = 0; c < CHANNELS; c++) {
      // Of 0, 1, ..., n - 1: (n - 1) / 2 and (n^2 - 1) / 12.
      double mean = (PARTITIONS - 1) / 2.0 + c % 1000;
      double variance = (PARTITIONS * PARTITIONS - 1) / 12.0;
      assertThat(statistics.count(c)).isEqualTo(PARTITIONS);
      assertThat(statistics.mean().get(c)).isEqualTo(mean);
      assertThat(statistics.variance(Variance.BIASED).get(c)).isEqualTo(variance);
    }
  }
}
