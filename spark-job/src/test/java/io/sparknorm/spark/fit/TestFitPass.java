package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.functions.FaultRules;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Weight;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class TestFitPass extends SparkTest {
  /** More channels than a block, and a rest. */
  private static final int WIDE = 2 * ChannelBlock.CHANNELS + 100;

  private static List<FitColumn<?>> columns(Dataset<Row> rows, FitKind... kinds) {
    List<FitColumn<?>> columns = new ArrayList<>();
    for (int i = 0; i < kinds.length; i++) {
      int channels = rows.columns()[i].equals("wide") ? WIDE : 2;
      FaultPolicies dropping = FaultPolicies.DEFAULT.with(Fault.NAN, Policy.DROP_RECORD);
      columns.add(
          FitColumn.of(
              rows.schema().fields()[i].dataType(),
              kinds[i],
              TensorShape.vector(channels),
              FaultRules.ofColumn(rows.columns()[i], dropping),
              Weight.ONE));
    }

    return columns;
  }

  private static List<FitResult> fit(Dataset<Row> rows, FitKind... kinds) {
    return new FitPass(columns(rows, kinds)).run(rows);
  }

  private static byte[] bytes(ExactState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    state.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  @Test
  void blocksOfChannelsGiveTheStateAndTheStatisticsOfTheWhole() throws IOException {
    Dataset<Row> rows =
        spark()
            .range(0, 10, 1, 5)
            .selectExpr(
                "transform(sequence(1, %d), c -> float(c + id / c)) AS wide".formatted(WIDE));

    FitResult result = fit(rows, FitKind.CHANNEL_MOMENTS).get(0);

    Moments expected = new Moments(WIDE);
    for (int id = 0; id < 10; id++) {
      for (int c = 1; c <= WIDE; c++) {
        expected.add(c - 1, (float) (c + (double) id / c));
      }
    }

    ExactState state = result.moments().orElseThrow();
    assertThat(result.records()).isEqualTo(10);
    assertThat(bytes(state)).isEqualTo(bytes(expected));
    assertThat(bytes(state)).as("a second time").isEqualTo(bytes(expected));
    assertThat(state.statistics()).isEqualTo(expected.statistics());
  }

  @Test
  void columnsKeepTheirOrderAndAFaultOfOneDropsTheRecordForAll() {
    Dataset<Row> rows =
        spark()
            .range(0, 4, 1, 2)
            .selectExpr(
                "array(double(id), 1d) AS a",
                "array_repeat(double(id), %d) AS wide".formatted(WIDE),
                "array(if(id = 3, double('NaN'), 0d), 0d) AS b");

    List<FitResult> results =
        fit(rows, FitKind.CHANNEL_MOMENTS, FitKind.CHANNEL_MOMENTS, FitKind.COUNTS);

    assertThat(results).extracting(FitResult::records).containsExactly(4L, 4L, 4L);
    assertThat(results).extracting(FitResult::dropped).containsExactly(1L, 1L, 1L);
    assertThat(results).extracting(r -> r.faults().get(Fault.NAN)).containsExactly(0L, 0L, 1L);
    assertThat(results.get(0).moments().orElseThrow().statistics().mean().toArray())
        .containsExactly(1, 1);
    assertThat(results.get(1).moments().orElseThrow().statistics().mean().toArray())
        .hasSize(WIDE)
        .containsOnly(1);
    assertThat(results.get(2).moments()).isEmpty();
  }

  @Test
  void aDatasetWithoutPartitionsHasNoMoments() {
    Dataset<Row> rows = spark().sql("SELECT array(1d, 2d) AS a WHERE false").limit(0);

    FitResult result = fit(rows, FitKind.CHANNEL_MOMENTS).get(0);

    assertThat(result.records()).isZero();
    assertThat(result.moments()).isEmpty();
  }

  @Test
  void ofManyDatasetsThereIsOneFileAtATime() throws IOException {
    Path open = Path.of("/proc/self/fd");
    assumeTrue(Files.isDirectory(open));
    Dataset<Row> rows = spark().range(0, 3, 1, 1).selectExpr("array(id, id * id) AS x");
    List<Dataset<Row>> datasets = Collections.nCopies(60, rows);
    long before = scratchFiles(open);
    List<Long> files = new ArrayList<>();

    List<byte[]> states =
        new FitPass(columns(rows, FitKind.CHANNEL_MOMENTS))
            .run(
                datasets,
                (dataset, results) -> {
                  assertThat(dataset).isEqualTo(files.size());
                  files.add(scratchFiles(open));
                  return bytes(results.get(0).moments().orElseThrow());
                });

    assertThat(files).allMatch(count -> count <= before + 1);
    assertThat(states)
        .hasSize(60)
        .containsOnly(bytes(fit(rows, FitKind.CHANNEL_MOMENTS).get(0).moments().orElseThrow()));
  }

  private static long scratchFiles(Path open) throws IOException {
    long count = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(open)) {
      for (Path file : files) {
        count += isScratchFile(file) ? 1 : 0;
      }
    }

    return count;
  }

  private static boolean isScratchFile(Path file) throws IOException {
    try {
      return Files.readSymbolicLink(file).toString().contains("sparknorm-moments-");
    } catch (NoSuchFileException e) {
      return false; // closed meanwhile
    }
  }
}
