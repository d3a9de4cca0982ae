package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/**
 * Base of tests that submit the job's jar. Each has a folder of its own, with the job file and what
 * the job reads and writes.
 */
abstract class ClusterTest extends SparkTest {
  static final Map<String, String> NO_SETTINGS = Map.of();

  static final String JOB =
      """
      input.path = "${root}/in"
      output.path = "${root}/out"
      features { column = x, shape = [8] }
      norm { type = batch-norm, momentum = 0.1, momentum-convention = new-weight, running-variance = unbiased }
      store { path = "${root}/store", model = m }
      """;

  /** Values of eight magnitudes, so that a sum in doubles would depend on its order. */
  static final String RECORDS =
      "SELECT id, transform(sequence(0, 7), i -> CAST(sin(id * 8 + i) * pow(10, i - 3) AS FLOAT))"
          + " AS x FROM range(0, 4000, 1, 8)";

  @TempDir Path folder;

  /** Writes the input and the job file of a job beneath a root, which is a folder of this test. */
  final String job(String root) throws IOException {
    Path home = Files.createDirectory(folder.resolve(root));
    spark().sql(RECORDS).write().parquet(home + "/in");
    return jobFile(home, JOB);
  }

  /** Writes a job file and gives its path. */
  static String jobFile(Path home, String text) throws IOException {
    return Files.writeString(home.resolve("job.conf"), text.replace("${root}", home.toString()))
        .toString();
  }

  final Results results(String root) throws IOException {
    return Results.in(folder.resolve(root).toString(), spark());
  }

  static void assertDone(Jvm submission) {
    assertThat(submission.await()).as(submission.output()).isZero();
    // In cluster mode spark-submit leaves with 0 whatever becomes of the driver.
    assertThat(submission.output())
        .doesNotContainPattern("State of driver \\S+ is (FAILED|ERROR|KILLED)");
  }
}
