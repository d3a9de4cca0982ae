package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.SparkTest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestGroupKey extends SparkTest {
  private static GroupKey key(Dataset<Row> rows) {
    return GroupKey.of(Arrays.asList(rows.schema().fields()));
  }

  private static List<String> keys(Dataset<Row> rows) {
    GroupKey key = key(rows);
    KeyBuffer buffer = new KeyBuffer();
    return rows.queryExecution().toRdd().toJavaRDD().map(InternalRow::copy).collect().stream()
        .map(
            row -> {
              key.write(row, 0, buffer);
              return HexFormat.of().formatHex(buffer.copy());
            })
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "true, false, true",
        "1Y, -1Y, 1Y",
        "1S, -1S, 256S, 1S",
        "1, -1, 65536, 1",
        "1L, -1L, 4294967296L, 1L",
        "0f, -0f, float('NaN'), float('nan') * -1, float('Infinity'), 0f",
        "0d, double(-0f), double('NaN'), double(float('NaN')), double('-Infinity'), 1d",
        "1.10BD, 1.1BD, 11BD, -1.1BD",
        "12345678901234567890.5BD, 12345678901234567890.50BD, -12345678901234567890.5BD",
        "'', 'a', 'A', 'a ', 'ß', '\\0', 'a'",
        "X'', X'00', X'0000', X'00'",
        "date'2026-01-01', date'1969-12-31', date'2026-01-01'",
        "timestamp'2026-01-01 00:00:00', timestamp'2026-01-01 00:00:00.000001'",
        "timestamp_ntz'2026-01-01 00:00:00', timestamp_ntz'1900-01-01 00:00:00'",
        "interval '1' day, interval '24' hour, interval '25' hour",
        "interval '1' year, interval '12' month, interval '13' month"
      })
  void valuesAreOneKeyWhereGroupByTakesThemForOne(String values) {
    Dataset<Row> rows = spark().sql("SELECT explode(array(null, null, %s)) AS k".formatted(values));

    List<String> keys = keys(rows);

    Set<String> distinct = new HashSet<>(keys);
    assertThat(distinct).hasSize((int) rows.groupBy("k").count().count());
    assertThat(keys.get(0)).isEqualTo(keys.get(1)).isEqualTo("00");
  }

  @Test
  void theBytesAreThoseThatTheFormatDescribes() {
    Dataset<Row> rows =
        spark()
            .sql(
                "SELECT 'ß' AS s, CAST(null AS string) AS n, -2 AS i, 3L AS l, true AS b, -0d AS d,"
                    + " 1.50BD AS e, X'0a' AS x, date'1970-01-02' AS t");

    assertThat(keys(rows))
        .containsExactly(
            "0100000002c39f"
                + "00"
                + "01fffffffe"
                + "010000000000000003"
                + "0101"
                + "010000000000000000"
                + "01000000020096"
                + "01000000010a"
                + "0100000001");
    assertThat(key(rows).by().toString())
        .isEqualTo(
            "s string, n string, i int, l bigint, b boolean, d double, e decimal(3,2), x binary, t"
                + " date");
  }

  @Test
  void fieldsNeitherMergeNorMove() {
    Dataset<Row> rows =
        spark()
            .sql(
                "SELECT * FROM VALUES ('a', 'bc'), ('ab', 'c'), ('abc', null), (null, 'abc'),"
                    + " (null, null), ('', ''), ('', null) AS t(a, b)");

    assertThat(new TreeSet<>(keys(rows))).hasSize(7);
  }

  @Test
  void peopleReadTheValuesOfAKey() {
    Dataset<Row> rows =
        spark()
            .sql(
                "SELECT 'DE' AS country, date'2026-01-02' AS day, CAST(null AS int) AS n, -1Y AS y,"
                    + " 2L AS l, true AS b, 1.5f AS f, -2.5d AS d, -1.50BD AS e, X'0a' AS x,"
                    + " timestamp'2026-01-02 03:04:05Z' AS t, interval '13' month AS m, interval"
                    + " '1' second AS s");

    InternalRow row = rows.queryExecution().toRdd().toJavaRDD().map(InternalRow::copy).first();
    GroupKey key = key(rows);
    KeyBuffer buffer = new KeyBuffer();
    key.write(row, 0, buffer);

    assertThat(key.describe(row, 0))
        .isEqualTo(
            "country = DE, day = 2026-01-02, n = null, y = -1, l = 2, b = true, f = 1.5, d = -2.5,"
                + " e = -1.50, x = Cg==, t = 2026-01-02T03:04:05Z, m = 13, s = 1000000")
        .isEqualTo(key.by().describe(buffer.copy()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"array(1)|array<int>", "struct(1 AS a)|struct<a:int>", "null|void"})
  void otherTypesAreRefused(String value, String type) {
    Dataset<Row> rows = spark().sql("SELECT %s AS k".formatted(value));

    assertThatThrownBy(() -> key(rows))
        .isInstanceOf(JobException.class)
        .hasMessage(
            "Cannot group by column k: its type is %s (features.group-by takes atomic types, and"
                    .formatted(type)
                + " strings without a collation)");
  }
}
