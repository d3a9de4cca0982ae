package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 100,000 groups of 64 channels are fitted and applied in a heap of 2 GiB. */
@Tag("faults")
class TestManyGroups {
  @TempDir Path folder;

  @Test
  void aHeapOf2GibSufficesFor100000Groups() throws IOException {
    try (Jvm session =
        Jvm.start(
            folder.resolve("log"),
            Map.of(),
            Jvm.classPath(),
            List.of("-Xmx2g", "-Dspark.ui.enabled=false", "-Dspark.driver.host=127.0.0.1"),
            List.of("io.sparknorm.spark.app.ManyGroups", folder.toString(), "100000", "1000000"))) {
      assertThat(session.await()).as(session.output()).isZero();
      System.out.println(session.output());
      assertThat(session.output()).contains("100000 groups by k; records: 1000000 read");
    }
  }
}
