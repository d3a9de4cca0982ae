package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.spark.SparkTest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the comparison times has to be the same work. */
class TestComparison extends SparkTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void worksAgree(boolean scalars) {
    ComparedData data = ComparedData.make(spark(), scalars, 100, folder);
    Map<String, Work> works = new Works(spark(), data, 2).all();
    works.values().forEach(work -> work.run().run());
    List<Row> bulk = read(data, "sparknorm batch-norm, writer bulk");
    assertThat(bulk).hasSize(100).isEqualTo(read(data, "sparknorm batch-norm, writer spark"));
    for (String rival : List.of(Works.MLLIB, Works.SQL, Works.DUCKDB)) {
      List<Row> scaled = read(data, rival);
      assertThat(scaled).hasSize(100);
      for (int r = 0; r < bulk.size(); r++) {
        assertThat(values(scaled.get(r), scalars))
            .as("%s, record %d", rival, r)
            .containsExactly(values(bulk.get(r), scalars), within(1e-5));
      }
    }
  }

  @Test
  void mediansAndRatiosAreOfTheRounds() {
    Timings timings =
        new Timings(
            Map.of("copy", List.of(8.0, 2.0, 4.0), "job", List.of(1.0, 2.0, 30.0)),
            Map.of("copy", List.of(10.0, 8.0, 9.0), "job", List.of(6.0, 2.0, 3.0)),
            Map.of("copy", 0L, "job", 2_500_000L),
            "copy");

    assertThat(timings.table())
        .contains("| job | 2.00 | 1.00 to 30.00 | 0.50 | 3.0 | 0.33 | 2.5 |")
        .contains("| copy | 4.00 | 2.00 to 8.00 | 1.00 | 9.0 | 1.00 | 0.0 |");
    assertThat(timings.json()).contains("\"ratio\" : 0.5", "\"bytes\" : 2500000");
  }

  private List<Row> read(ComparedData data, String work) {
    return spark().read().parquet(data.output(work).toString()).orderBy("id").collectAsList();
  }

  private static double[] values(Row row, boolean scalars) {
    return scalars
        ? IntStream.range(1, row.size()).mapToDouble(row::getDouble).toArray()
        : row.<Float>getList(row.fieldIndex("features")).stream()
            .mapToDouble(Float::doubleValue)
            .toArray();
  }
}
