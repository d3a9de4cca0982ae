package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.FaultRules;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.GroupKey;
import io.sparknorm.spark.functions.Grouping;
import io.sparknorm.spark.functions.Weight;
import io.sparknorm.spark.models.GroupStatistics;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestGroupedFit extends SparkTest {
  private static final int RECORDS = 400;
  private static final int GROUPS = 37;
  private static final int CHANNELS = 3;

  /** Tensors of two columns, and the key of the first column. */
  private Dataset<Row> records(int partitions) {
    String tensor =
        "transform(sequence(1, %d), c -> float(sin(id * c) * pow(10, id %% 9 - c)))"
            .formatted(CHANNELS);
    return spark()
        .range(0, RECORDS, 1, partitions)
        .selectExpr(tensor + " AS x", tensor + " AS y", "id * id %% %d AS k".formatted(GROUPS));
  }

  private static List<FitResult> fit(Dataset<Row> records, OptionalLong groupBytes) {
    FitColumn<?> column =
        FitColumn.of(
            records.schema().fields()[0].dataType(),
            FitKind.CHANNEL_MOMENTS,
            TensorShape.vector(CHANNELS),
            FaultRules.ofColumn("x", FaultPolicies.DEFAULT),
            Weight.ONE);
    GroupKey key = GroupKey.of(List.of(records.schema().apply("k")));
    return new FitPass(
            List.of(column.groupedBy(new Grouping(key, Variance.UNBIASED)), column), groupBytes)
        .run(records);
  }

  private static byte[] moments(FitResult result) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    result.groups().orElseThrow().writeMoments(out);
    return out.toByteArray();
  }

  private static byte[] bytes(ExactState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    state.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  @Test
  void groupsHaveTheStatisticsOfTheirRecordsAndAllTogetherThoseOfAColumnWithoutGroups()
      throws IOException {
    List<FitResult> results = fit(records(5), OptionalLong.empty());

    Map<Long, Moments> expected = new HashMap<>();
    for (Row row : records(1).collectAsList()) {
      Moments moments = expected.computeIfAbsent(row.getLong(2), k -> new Moments(CHANNELS));
      for (int c = 0; c < CHANNELS; c++) {
        moments.add(c, row.<Float>getList(0).get(c));
      }
    }

    GroupStatistics statistics = results.get(0).groups().orElseThrow().statistics();
    assertThat(statistics.count()).isEqualTo(expected.size());
    GroupStatistics.visit(
        statistics.file(),
        (key, mean, variance) -> {
          Moments alone = expected.remove(ByteBuffer.wrap(key, 1, Long.BYTES).getLong());
          assertThat(mean).isEqualTo(alone.statistics().mean().toArray());
          assertThat(variance).isEqualTo(alone.statistics().unbiasedVariance().toArray());
        });
    assertThat(expected).isEmpty();
    assertThat(results).extracting(FitResult::records).containsOnly((long) RECORDS);
    assertThat(bytes(results.get(0).moments().orElseThrow()))
        .isEqualTo(bytes(results.get(1).moments().orElseThrow()));
    assertThat(results.get(1).groups()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 20000", "64, 1000000000"})
  void filesDoNotDependOnPartitionsOrOnHowOftenGroupsAreSentOnTheWay(int partitions, long bytes)
      throws IOException {
    FitResult expected = fit(records(3), OptionalLong.empty()).get(0);

    FitResult found = fit(records(partitions), OptionalLong.of(bytes)).get(0);

    assertThat(found.groups().orElseThrow().statistics().file())
        .isEqualTo(expected.groups().orElseThrow().statistics().file());
    assertThat(moments(found)).isEqualTo(moments(expected));
  }

  @Test
  void aGroupWithoutATensorIsCountedAndHasNoStatistics() {
    Dataset<Row> records = records(2).withColumn("x", expr("if(k = 0, null, x)"));

    FitResult result = fit(records, OptionalLong.empty()).get(0);

    int groups = (int) records(1).select("k").distinct().count();
    assertThat(result.groups().orElseThrow().statistics().count()).isEqualTo(groups - 1);
    assertThat(result.records()).isEqualTo(RECORDS);
  }

  @Test
  void aDatasetWithoutRecordsHasNoGroups() {
    FitResult result = fit(records(1).where("k < 0"), OptionalLong.empty()).get(0);

    assertThat(result.records()).isZero();
    assertThat(result.groups()).isEmpty();
    assertThat(result.moments()).isEmpty();
  }
}
