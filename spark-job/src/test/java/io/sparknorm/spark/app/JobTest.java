package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.io.TempDir;

/**
 * Base of tests that carry out whole jobs. Job files write {@code ${dir}} for the test's own
 * folder; by custom the input is {@code ${dir}/in}, the output {@code ${dir}/out} and the store
 * {@code ${dir}/store}.
 */
abstract class JobTest extends SparkTest {
  static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  final Summary fit(String job) throws IOException {
    return carryOut(Command.FIT, job);
  }

  final Summary apply(String job) throws IOException {
    return carryOut(Command.APPLY, job);
  }

  final Summary run(String job) throws IOException {
    return carryOut(Command.RUN, job);
  }

  private Summary carryOut(Command command, String job) throws IOException {
    try (StopSignal stop = StopSignal.listen()) {
      return new Job(spark(), spec(command, job), new Progress(), stop).run();
    }
  }

  final JobSpec spec(Command command, String job) {
    String dir = ConfigUtil.quoteString(folder.toString());
    return JobSpec.parse(ConfigFactory.parseString(job.replace("${dir}", dir)), command);
  }

  /** The one line that the user is told when the job fails; it has to fail with this status. */
  final String refusal(Command command, String job, LeavingStatus status) {
    Throwable failure = catchThrowable(() -> carryOut(command, job));
    assertThat(failure).as("failure of the job").isNotNull();
    JobException told = Failures.inTermsOfTheJob(failure).orElseThrow(() -> unexpected(failure));
    assertThat(told.status()).as(told.getMessage()).isEqualTo(status);
    return told.getMessage();
  }

  private static AssertionError unexpected(Throwable failure) {
    return new AssertionError("The user is told of a bug", failure);
  }

  /** Writes the rows of a query to a folder beneath the test's own, as one file. */
  final void write(String name, String query) {
    spark().sql(query).coalesce(1).write().parquet(folder.resolve(name).toString());
  }

  final Dataset<Row> output() {
    return spark().read().parquet(folder.resolve("out").toString());
  }

  /** The records as JSON, in the order of their column id. */
  static List<String> json(Dataset<Row> rows) {
    return rows.orderBy("id").toJSON().collectAsList();
  }

  final JsonNode statistics(String model, int version) throws IOException {
    return JSON.readTree(payload(model, version, "stats"));
  }

  final byte[] payload(String model, int version, String kind) throws IOException {
    String file = manifest(model, version).at("/payload/" + kind + "/file").textValue();
    return Files.readAllBytes(version(model, version).resolve(file));
  }

  final JsonNode manifest(String model, int version) throws IOException {
    return JSON.readTree(version(model, version).resolve("manifest.json").toFile());
  }

  final Path version(String model, int version) {
    return folder.resolve("store/%s/v=%d".formatted(model, version));
  }

  /** The names in the test's folder, the hidden ones too. */
  final List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
