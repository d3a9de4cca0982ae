package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random schemas, records and options, held to what Spark's own writer makes of them. */
class TestRandomSchemas extends SparkTest {
  /** SQL of a value of each ordinary type, from the record's {@code id}. */
  private static final List<String> ORDINARY =
      List.of(
          "id % 3 = 0",
          "cast(id % 100 AS TINYINT)",
          "cast(id AS SMALLINT)",
          "cast(id AS INT)",
          "id * 1000000007",
          "cast(sin(id) AS FLOAT)",
          "if(id % 5 = 0, double('NaN'), cos(id))",
          "cast(id / 7 AS DECIMAL(9, 2))",
          "cast(id / 7 AS DECIMAL(18, 6))",
          "cast(id / 7 AS DECIMAL(38, 10))",
          "concat('text ', id % 20)",
          "cast(concat('bytes', id) AS BINARY)",
          "date_add(DATE'1999-12-31', cast(id AS INT))",
          "timestamp_micros(id * 1234567)",
          "cast(timestamp_micros(id * 1234567) AS TIMESTAMP_NTZ)",
          "make_ym_interval(cast(id AS INT), 3)",
          "make_dt_interval(cast(id AS INT), 1, 2, 3.5)",
          "array(cast(id AS INT), null)",
          "array(array(cast(id AS FLOAT)), array())",
          "map(concat('k', id % 3), array(id / 3D))",
          "named_struct('x', id, 'y', array(cast(id AS FLOAT), null))");

  /** SQL of arrays of floats or doubles with {@code n} elements of which some may be null. */
  private static final List<String> TENSORS =
      List.of(
          "transform(sequence(1, n), i -> cast(sin(100 * id + i) AS FLOAT))",
          "transform(sequence(1, n), i -> sin(100 * id + i))",
          "transform(sequence(1, n), i -> cast(id * i % 9 AS FLOAT))",
          "transform(sequence(1, n), i -> if((id + i) % 13 = 0, null, id / 3D + i % 4))",
          "transform(sequence(1, n), i -> if(i % 2 = 0, null, cast(id AS FLOAT)))",
          "transform(sequence(1, n), i -> if(id % 40 = 0, float('NaN'), -0F))",
          "transform(sequence(1, n), i -> cast(null AS DOUBLE))");

  private static final List<String> LENGTHS =
      List.of("1", "3", "64", "700", "1 + id % 9", "1 + abs(hash(id)) % 300");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void recordsAreThoseOfSparksOwnFiles(long seed) throws IOException {
    Random random = new Random(seed);
    Dataset<Row> records = records(random);
    Map<String, String> options = options(random);
    String description =
        "seed %d, %s, %s".formatted(seed, records.schema().catalogString(), options);
    String ours = folder.resolve("ours").toString();
    String standard = folder.resolve("standard").toString();
    assertThat(ParquetFiles.factory(records, options))
        .as(description)
        .isInstanceOf(BulkWriterFactory.class);
    records.write().format(BulkParquetFormat.NAME).options(options).save(ours);
    records.write().format("parquet").options(options).save(standard);

    assertThat(spark().read().parquet(ours).schema())
        .as(description)
        .isEqualTo(spark().read().parquet(standard).schema());
    assertThat(ParquetFiles.bits(spark().read().parquet(ours)))
        .as(description)
        .isEqualTo(ParquetFiles.bits(spark().read().parquet(standard)));
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32})
  void recordsAreThoseThatSparksOwnReaderReads(long seed) {
    Random random = new Random(seed);
    Dataset<Row> records = records(random);
    Map<String, String> options = options(random);
    options.put("parquet.writer.version", pick(random, List.of("v1", "v2")));
    String description =
        "seed %d, %s, %s".formatted(seed, records.schema().catalogString(), options);
    String files = folder.resolve("files").toString();
    records
        .write()
        .format(pick(random, List.of("parquet", BulkParquetFormat.NAME)))
        .options(options)
        .save(files);

    assertThat(ParquetFiles.bits(spark().read().format(BulkParquetFormat.NAME).load(files)))
        .as(description)
        .isEqualTo(ParquetFiles.bits(spark().read().parquet(files)));
  }

  private Dataset<Row> records(Random random) {
    List<String> columns = new ArrayList<>();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      boolean tensor = random.nextBoolean();
      String value = pick(random, tensor ? TENSORS : ORDINARY);
      if (tensor) {
        value =
            value.replace(
                "sequence(1, n)", "sequence(1, cast(" + pick(random, LENGTHS) + " AS INT))");
        value = random.nextBoolean() ? value : "slice(" + value + ", 1, cast(id % 4 AS INT))";
      }
      columns.add(nullable(random, value) + " AS `column " + i + "`");
    }
    return spark()
        .range(0, 1 + random.nextInt(2000), 1, 1 + random.nextInt(3))
        .selectExpr(columns.toArray(new String[0]));
  }

  private static String nullable(Random random, String value) {
    return switch (random.nextInt(3)) {
      case 0 -> value;
      case 1 -> "if(id % 17 = 0, null, " + value + ")";
      default -> "if(id % 17 < 15, null, " + value + ")";
    };
  }

  private static Map<String, String> options(Random random) {
    Map<String, String> options = new TreeMap<>();
    options.put(
        "compression", pick(random, List.of("none", "snappy", "gzip", "lz4", "lz4_raw", "zstd")));
    options.put("parquet.enable.dictionary", String.valueOf(random.nextBoolean()));
    options.put("parquet.page.size", pick(random, List.of("1000", "20000", "1048576")));
    options.put("parquet.block.size", pick(random, List.of("50000", "1000000", "134217728")));
    options.put("parquet.page.row.count.limit", pick(random, List.of("1", "100", "20000")));
    options.put("parquet.dictionary.page.size", pick(random, List.of("100", "1048576")));
    options.put("parquet.page.write-checksum.enabled", String.valueOf(random.nextBoolean()));
    options.put("parquet.validation", String.valueOf(random.nextBoolean()));
    if (random.nextInt(4) == 0) {
      options.put("maxRecordsPerFile", "150");
    }
    return options;
  }

  private static <T> T pick(Random random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }
}
