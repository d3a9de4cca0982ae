package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The same records give the same bytes, however they are laid out. */
class TestFitLayouts extends JobTest {
  @AfterEach
  void putBack() {
    spark().conf().unset(FitLayout.ADAPTIVE);
    spark().catalog().dropTempView("records");
  }

  @Test
  void noLayoutChangesTheStateOrTheStatistics() throws IOException {
    Map<FitLayout, String> digests = new LinkedHashMap<>();
    for (FitLayout layout : FitLayout.all(1, 7, 64)) {
      Path store = Files.createTempDirectory(folder, "layout");
      digests.put(layout, layout.fit(spark(), store, false));
    }

    assertThat(digests).hasSize(12);
    assertThat(Set.copyOf(digests.values())).as(digests.toString()).hasSize(1);
  }
}
