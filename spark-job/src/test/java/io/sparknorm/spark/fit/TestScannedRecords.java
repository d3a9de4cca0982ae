package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestScannedRecords extends SparkTest {
  private static final int RECORDS = 10_000; // some batches of a file

  @TempDir private Path folder;

  private Dataset<Row> scan(String format) {
    String path = folder.resolve("x").toString();
    spark()
        .range(0, RECORDS, 1, 2)
        .selectExpr(
            "if(id % 9 = 0, null, id) AS n",
            "transform(array_repeat(id, int(id % 5)), (v, i) -> if(i = 2, null, float(v))) AS x",
            "array(array(double(id)), array(), null) AS y",
            "string(id) AS s")
        .write()
        .parquet(path);
    return spark().read().format(format).load(path);
  }

  private static List<String> values(JavaRDD<InternalRow> rows, boolean areViews) {
    return rows.map(
            row -> {
              assertThat(!(row instanceof UnsafeRow)).isEqualTo(areViews);
              float[] x = row.getArray(1).toFloatArray();
              for (int i = 0; i < x.length; i++) {
                x[i] = row.getArray(1).isNullAt(i) ? Float.NaN : x[i];
              }

              double[] y = row.getArray(2).getArray(0).toDoubleArray();
              return "%s %s %s %s"
                  .formatted(
                      row.getUTF8String(0),
                      Arrays.toString(x),
                      Arrays.toString(y),
                      row.isNullAt(3) ? null : row.getLong(3));
            })
        .collect();
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "sparknorm-parquet"})
  void selectedColumnsOfAScanAreViewedInTheirOrder(String format) {
    Dataset<Row> records = scan(format).select("s", "x", "y", "n");

    List<String> viewed = values(ScannedRecords.of(records), true);

    assertThat(viewed)
        .hasSize(RECORDS)
        .isEqualTo(values(records.queryExecution().toRdd().toJavaRDD(), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"n > 4000", "s LIKE '1%'"})
  void recordsThatAreChosenAreSparksRows(String condition) {
    Dataset<Row> records = scan("parquet").where(condition).select("s", "x", "y", "n");

    List<String> chosen = values(ScannedRecords.of(records), false);

    assertThat(chosen).hasSizeBetween(1, RECORDS - 1);
    assertThat(chosen).isEqualTo(values(records.queryExecution().toRdd().toJavaRDD(), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"concat(s, '') AS s", "s AS t"})
  void recordsWithAnythingComputedAreSparksRows(String first) {
    Dataset<Row> records = scan("parquet").selectExpr(first, "x", "y", "n");

    assertThat(ScannedRecords.of(records).count()).isEqualTo(RECORDS);
    assertThat(values(ScannedRecords.of(records), false)).hasSize(RECORDS);
  }
}
