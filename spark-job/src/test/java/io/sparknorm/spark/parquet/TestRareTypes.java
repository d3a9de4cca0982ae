package io.sparknorm.spark.parquet;

import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Types that not every version of Spark has, or that settings say how to write. */
class TestRareTypes extends SparkTest {
  private static final String TENSOR = "array(cast(id AS FLOAT), cast(-id AS FLOAT)) AS x";

  private static final String DATES = "date_from_unix_date(300 * id - 400000)";

  /** From the year 1019, through the change of calendars, to 2900. */
  private static final String TIMES = "timestamp_micros(20000000000001 * id - 30000000000000000)";

  private static final String TABLE =
      "CREATE TABLE %s (x ARRAY<FLOAT>, c CHAR(6), v VARCHAR(6)) USING `%s`";

  private static final String ROWS =
      "INSERT INTO %s SELECT array(cast(id AS FLOAT)), 'c' || id, 'v' || id FROM range(500)";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3.5|parquet.datetimeRebaseModeInWrite=LEGACY|" + DATES,
        "3.5|parquet.datetimeRebaseModeInWrite=CORRECTED|" + DATES,
        "3.5|parquet.outputTimestampType=TIMESTAMP_MICROS parquet.datetimeRebaseModeInWrite=LEGACY|"
            + TIMES,
        "3.5|parquet.outputTimestampType=TIMESTAMP_MICROS"
            + " parquet.datetimeRebaseModeInWrite=CORRECTED|"
            + TIMES,
        "3.5|parquet.outputTimestampType=TIMESTAMP_MILLIS parquet.datetimeRebaseModeInWrite=LEGACY|"
            + TIMES,
        "3.5|parquet.outputTimestampType=INT96 parquet.int96RebaseModeInWrite=LEGACY|" + TIMES,
        "3.5|parquet.outputTimestampType=INT96 parquet.int96RebaseModeInWrite=CORRECTED|" + TIMES,
        "4.0||concat('x', id) COLLATE UNICODE_CI",
        "4.1|variant.inferShreddingSchema=false|to_variant_object(map(concat('k', id), id))",
        "4.1|timeType.enabled=true|make_time(id % 24, id % 60, id % 60 + 0.000001)"
      })
  void recordsAreThoseOfSparksOwnFiles(String since, String settings, String value)
      throws IOException {
    assumeTrue(spark().version().compareTo(since) >= 0, "needs Spark " + since);
    Map<String, String> before = new HashMap<>();
    try {
      for (String setting : settings == null ? new String[0] : settings.split(" ")) {
        String key = "spark.sql." + setting.replaceFirst("=.*", "");
        before.put(key, spark().conf().get(key));
        spark().conf().set(key, setting.replaceFirst(".*=", ""));
      }

      assertWritten(expr(value));
    } finally {
      before.forEach(spark().conf()::set);
    }
  }

  /** A struct with an array of doubles beneath. */
  @Test
  void vectorsAreThoseOfSparksOwnFiles() throws IOException {
    assertWritten(functions.array_to_vector(expr("array(id / 3D, 0D, -id)")));
  }

  private void assertWritten(Column value) throws IOException {
    Dataset<Row> records =
        spark()
            .range(0, 3000, 1, 2)
            .select(
                expr(TENSOR), value.as("value"), when(expr("id % 7 > 0"), value).as("nullable"));
    assertThat(ParquetFiles.factory(records, Map.of())).isInstanceOf(BulkWriterFactory.class);
    String ours = folder.resolve("ours").toString();
    String standard = folder.resolve("standard").toString();
    records.write().format(BulkParquetFormat.NAME).save(ours);
    records.write().format("parquet").save(standard);

    Dataset<Row> read = spark().read().parquet(ours);
    Dataset<Row> expected = spark().read().parquet(standard);
    assertThat(read.schema()).isEqualTo(expected.schema());
    assertThat(ParquetFiles.bits(read)).isEqualTo(ParquetFiles.bits(expected));
    assertThat(ParquetFiles.bits(spark().read().format(BulkParquetFormat.NAME).load(ours)))
        .isEqualTo(ParquetFiles.bits(expected));
    assertThat(schemas(Path.of(ours))).isEqualTo(schemas(Path.of(standard)));
  }

  private static List<MessageType> schemas(Path files) {
    return ParquetFiles.under(files).stream()
        .map(file -> ParquetFiles.footer(file).getFileMetaData().getSchema())
        .toList();
  }

  @Test
  void textOfSomeLengthIsPaddedAsInSparksOwnTables() {
    try {
      spark().sql(TABLE.formatted("of_ours", BulkParquetFormat.NAME));
      spark().sql(TABLE.formatted("of_spark", "parquet"));
      spark().sql(ROWS.formatted("of_ours"));
      spark().sql(ROWS.formatted("of_spark"));

      assertThat(ParquetFiles.bits(spark().table("of_ours")))
          .isEqualTo(ParquetFiles.bits(spark().table("of_spark")))
          .hasSize(500);
    } finally {
      spark().sql("DROP TABLE IF EXISTS of_ours");
      spark().sql("DROP TABLE IF EXISTS of_spark");
    }
  }
}
