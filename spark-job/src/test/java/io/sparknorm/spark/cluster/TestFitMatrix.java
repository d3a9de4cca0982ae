package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The layouts of {@code FitLayout}, up to 1,000 partitions, on one core and on four, and where
 * tasks fail and are tried again. Each session has a process of its own.
 */
@Tag("faults")
class TestFitMatrix {
  private static final Pattern RESULT =
      Pattern.compile("^(\\| local.*) (\\| [0-9a-f]{64} \\| [0-9a-f]{64} \\|)$", Pattern.MULTILINE);
  private static final Pattern FAILED = Pattern.compile("(\\d+) tasks failed");

  @TempDir Path folder;

  @Test
  void noSessionAndNoRetryChangesTheStateOrTheStatistics() throws IOException {
    Map<String, String> digests = new LinkedHashMap<>();
    assertThat(failedTasks("local[1]", false, digests)).isZero();
    assertThat(failedTasks("local[4]", false, digests)).isZero();
    int failed = failedTasks("local[4,3]", true, digests);
    assertThat(failed).isPositive();

    System.out.printf("%d tasks failed in local[4,3] and were tried again%n%n", failed);
    System.out.println(
        "| master | partitions | rows | adaptive | stored as | state | statistics |\n"
            + "|---|---|---|---|---|---|---|");
    digests.forEach((layout, digest) -> System.out.println(layout + " " + digest));
    assertThat(digests).hasSize(3 * 16);
    Set<String> distinct = new TreeSet<>(digests.values());
    assertThat(distinct).hasSize(1);
  }

  /** Runs all layouts in a session; how many tasks have failed there. */
  private int failedTasks(String master, boolean failing, Map<String, String> digests)
      throws IOException {
    Path log = folder.resolve(digests.size() + ".log");
    try (Jvm session =
        Jvm.start(
            log,
            Map.of(),
            Jvm.classPath(),
            List.of("-Xmx2g", "-Dspark.ui.enabled=false", "-Dspark.driver.host=127.0.0.1"),
            List.of(
                "io.sparknorm.spark.app.FitLayout",
                master,
                String.valueOf(failing),
                folder.toString()))) {
      assertThat(session.await()).as(session.output()).isZero();
      RESULT.matcher(session.output()).results().forEach(r -> digests.put(r.group(1), r.group(2)));
      Matcher failed = FAILED.matcher(session.output());
      assertThat(failed.find()).isTrue();
      return Integer.parseInt(failed.group(1));
    }
  }
}
