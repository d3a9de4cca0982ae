package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.vectorized.ConstantColumnVector;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.junit.jupiter.api.Test;
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

  private static JavaRDD<InternalRow> rows(Dataset<Row> records) {
    return ScannedRecords.of(records).flatMap(Records::rows);
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

    List<String> viewed = values(rows(records), true);

    assertThat(viewed)
        .hasSize(RECORDS)
        .isEqualTo(values(records.queryExecution().toRdd().toJavaRDD(), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"n > 4000", "s LIKE '1%'"})
  void recordsThatAreChosenAreSparksRows(String condition) {
    Dataset<Row> records = scan("parquet").where(condition).select("s", "x", "y", "n");

    List<String> chosen = values(rows(records), false);

    assertThat(chosen).hasSizeBetween(1, RECORDS - 1);
    assertThat(chosen).isEqualTo(values(records.queryExecution().toRdd().toJavaRDD(), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"concat(s, '') AS s", "s AS t"})
  void recordsWithAnythingComputedAreSparksRows(String first) {
    Dataset<Row> records = scan("parquet").selectExpr(first, "x", "y", "n");

    assertThat(rows(records).count()).isEqualTo(RECORDS);
    assertThat(values(rows(records), false)).hasSize(RECORDS);
  }

  /** Every type of number, with nulls; {@code p} is in the names of folders. */
  private Dataset<Row> numbers(int columns) {
    String[] types = {"TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE"};
    List<String> numbers = new ArrayList<>(List.of("id % 3 AS p"));
    for (int i = 0; i < columns; i++) {
      String value = "if((id + %d) %% 7 < %d, null, %d / 8 + id %% 90)".formatted(i, i % 3, i);
      numbers.add("cast(%s AS %s) AS c%d".formatted(value, types[i % types.length], i));
    }

    String path = folder.resolve("numbers").toString();
    spark()
        .range(0, 3000, 1, 1)
        .selectExpr(numbers.toArray(String[]::new))
        .write()
        .partitionBy("p")
        .parquet(path);
    return spark().read().parquet(path);
  }

  private static List<String> numbers(JavaRDD<InternalRow> rows, boolean areViews) {
    return rows.map(
            row -> {
              assertThat(!(row instanceof UnsafeRow)).isEqualTo(areViews);
              return Arrays.toString(row.getArray(0).toObjectArray(DataTypes.DoubleType))
                  + Arrays.toString(row.getArray(1).toObjectArray(DataTypes.FloatType));
            })
        .collect();
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 100, 104}) // Spark's own scans of more than 100 columns give rows
  void arraysOfSelectedNumbersAreFilledColumnByColumn(int columns) {
    Dataset<Row> numbers = numbers(columns);
    Dataset<Row> records =
        numbers.selectExpr("array(" + doubles(numbers.drop("p")) + ") AS x", "array(c10, c4) AS y");

    List<String> viewed = numbers(rows(records), true);

    assertThat(viewed)
        .hasSize(3000)
        .anyMatch(row -> row.contains("null"))
        .isEqualTo(numbers(records.as("again").queryExecution().toRdd().toJavaRDD(), false));
    assertThat(rows(numbers).map(row -> row instanceof UnsafeRow).distinct().collect())
        .containsExactly(false);
    assertThat(spark().conf().contains("spark.sql.codegen.maxFields")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cast(c3 + 1 AS DOUBLE)", "cast(cast(c3 AS STRING) AS DOUBLE)"})
  void arraysOfAnythingComputedAreSparksRows(String element) {
    Dataset<Row> records = numbers(12).selectExpr("array(c5, " + element + ") AS x", "array(c4)");

    assertThat(numbers(rows(records), false)).hasSize(3000);
  }

  @Test
  void manyColumnsOfRecordsThatAreChosenAreSparksRows() {
    Dataset<Row> numbers = numbers(104);
    Dataset<Row> chosen = numbers.where("c5 > 20");
    Dataset<Row> records =
        chosen.selectExpr("array(" + doubles(numbers) + ") AS x", "array(c4) AS y");

    assertThat(numbers(rows(records), false))
        .hasSizeBetween(1, 2999)
        .isEqualTo(numbers(records.as("again").queryExecution().toRdd().toJavaRDD(), false));
  }

  private static String doubles(Dataset<Row> numbers) {
    return "cast(" + String.join(" AS DOUBLE), cast(", numbers.columns()) + " AS DOUBLE)";
  }

  /** Vectors that a source fills again for each batch, unless they have been freed. */
  private static final class Refilled extends ConstantColumnVector {
    private boolean isFree;

    Refilled() {
      super(1, DataTypes.LongType);
    }

    @Override
    public void closeIfFreeable() {
      isFree = true;
    }

    @Override
    public long getLong(int row) {
      assertThat(isFree).isFalse();
      return super.getLong(row);
    }
  }

  @Test
  void batchIsFreedBeforeItsVectorsAreFilledAgain() {
    Refilled vector = new Refilled();
    Iterator<ColumnarBatch> batches =
        LongStream.range(0, 3)
            .mapToObj(
                value -> {
                  vector.isFree = false;
                  vector.setLong(value);
                  return new ColumnarBatch(new ColumnVector[] {vector}, 1);
                })
            .iterator();
    List<Long> read = new ArrayList<>();
    new ScannedRecords.Batches(batches, List.of(new ViewedColumn.Chosen(0)))
        .forEachRemaining(
            records -> records.rows().forEachRemaining(row -> read.add(row.getLong(0))));

    assertThat(read).containsExactly(0L, 1L, 2L);
    assertThat(vector.isFree).isTrue();
  }
}
