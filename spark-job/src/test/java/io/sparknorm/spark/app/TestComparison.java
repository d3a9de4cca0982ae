package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.spark.SparkTest;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the comparison times has to be the same work. */
class TestComparison extends SparkTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void worksAgree(boolean scalars) {
    Comparison comparison = new Comparison(spark(), scalars, 100, folder);
    comparison.works().values().forEach(Runnable::run);
    List<Row> scaled = read(comparison, "MLlib StandardScaler");
    List<Row> bulk = read(comparison, "sparknorm batch-norm, writer bulk");
    assertThat(bulk).isEqualTo(read(comparison, "sparknorm batch-norm, writer spark"));
    assertThat(bulk).hasSize(100);
    for (int r = 0; r < bulk.size(); r++) {
      double[] ours = values(bulk.get(r), scalars);
      double[] theirs = values(scaled.get(r), scalars);
      for (int i = 0; i < ours.length; i++) {
        assertThat(ours[i]).as("record %d, element %d", r, i).isCloseTo(theirs[i], within(1e-5));
      }
    }
  }

  private List<Row> read(Comparison comparison, String work) {
    return spark().read().parquet(comparison.output(work).toString()).orderBy("id").collectAsList();
  }

  private static double[] values(Row row, boolean scalars) {
    return scalars
        ? IntStream.range(1, row.size()).mapToDouble(row::getDouble).toArray()
        : row.<Float>getList(row.fieldIndex("features")).stream()
            .mapToDouble(Float::doubleValue)
            .toArray();
  }
}
