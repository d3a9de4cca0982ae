package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.internal.column.columnindex.ColumnIndex;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.assertj.core.extractor.Extractors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestBulkParquetFormat extends SparkTest {
  private static final String ROW_READER = "spark.sql.parquet.enableVectorizedReader";

  @TempDir Path folder;

  /** Arrays of varying length, empty ones, nulls of either kind, and columns around them. */
  private Dataset<Row> records(int count) {
    return spark()
        .range(0, count, 1, 2)
        .selectExpr(
            "if(id % 7 = 0, null, transform(sequence(1, cast(id % 50 as int)),"
                + " i -> cast(sin(id * i) as float))) AS features",
            "id",
            "concat('r', id % 10) AS name",
            "if(id % 11 = 0, array(), array(1D / (id % 10 + 1), null, sqrt(id))) AS pair",
            "array(cast(id AS FLOAT), cast(-id AS FLOAT)) AS complete",
            "named_struct('a', id, 'b', array(cast(id AS FLOAT))) AS nested",
            "if(id % 3 = 0, null, cast(sin(id) AS FLOAT)) AS single",
            "id / 7D AS seventh");
  }

  private DataFrameWriter<Row> bulk(Dataset<Row> records) {
    return records.write().format(BulkParquetFormat.NAME);
  }

  private Path write(DataFrameWriter<Row> writer, String name) {
    Path path = folder.resolve(name);
    writer.save(path.toString());
    return path;
  }

  private Dataset<Row> read(Path path) {
    return spark().read().parquet(path.toString());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eitherReaderOfSparkReadsWhatWasWritten(boolean vectorized) {
    Dataset<Row> records = records(3000);
    Path path = write(bulk(records), "bulk");
    spark().conf().set(ROW_READER, vectorized);
    try {
      assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
    } finally {
      spark().conf().unset(ROW_READER);
    }
  }

  @Test
  void theFormatReadsToo() {
    Dataset<Row> records = records(100);
    Path path = write(bulk(records), "bulk");

    assertThat(
            ParquetFiles.bits(spark().read().format(BulkParquetFormat.NAME).load(path.toString())))
        .isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void parquetsExampleReaderReadsWhatWasWritten() throws IOException {
    Dataset<Row> records = records(500).repartition(1).sortWithinPartitions("id");
    Path file = ParquetFiles.under(write(bulk(records), "bulk")).get(0);
    Path expected = ParquetFiles.under(write(records.write().format("parquet"), "spark")).get(0);

    assertThat(groups(file)).hasSize(500).isEqualTo(groups(expected));
  }

  private static List<String> groups(Path file) throws IOException {
    List<String> groups = new ArrayList<>();
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(file.toUri());
    try (ParquetReader<Group> reader =
        ParquetReader.builder(new GroupReadSupport(), path).withConf(new Configuration()).build()) {
      for (Group group = reader.read(); group != null; group = reader.read()) {
        groups.add(group.toString());
      }
    }
    return groups;
  }

  @Test
  void theFooterIsThatOfSpark() {
    Dataset<Row> records = records(300).repartition(1);
    FileMetaData ours =
        ParquetFiles.footer(ParquetFiles.under(write(bulk(records), "bulk")).get(0))
            .getFileMetaData();
    FileMetaData standard =
        ParquetFiles.footer(
                ParquetFiles.under(write(records.write().format("parquet"), "spark")).get(0))
            .getFileMetaData();

    assertThat(ours.getSchema()).isEqualTo(standard.getSchema());
    assertThat(ours.getKeyValueMetaData()).isEqualTo(standard.getKeyValueMetaData());
    assertThat(ours.getCreatedBy()).isEqualTo(standard.getCreatedBy());
  }

  @ParameterizedTest
  @CsvSource({
    "none, UNCOMPRESSED",
    "snappy, SNAPPY",
    "gzip, GZIP",
    "lz4, LZ4",
    "lz4_raw, LZ4_RAW",
    "zstd, ZSTD"
  })
  void everyCodecIsHonoured(String codec, String written) {
    Dataset<Row> records = records(500);
    Path path = write(bulk(records).option("compression", codec), codec);

    assertThat(ParquetFiles.rowGroups(ParquetFiles.under(path).get(0)).get(0).getColumns())
        .extracting(column -> column.getCodec().name())
        .containsOnly(written);
    assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void partitionsBucketsAndFileSizesAreSparks() {
    Dataset<Row> records = records(1000);
    Path partitioned = write(bulk(records).partitionBy("name"), "partitioned");
    Path split = write(bulk(records).option("maxRecordsPerFile", 60), "split");
    bulk(records).bucketBy(4, "id").sortBy("id").saveAsTable("bulk_buckets");
    try {
      assertThat(folder.resolve("partitioned/name=r3")).isDirectory();
      assertThat(ParquetFiles.bits(read(partitioned).select("id", "features")))
          .isEqualTo(ParquetFiles.bits(records.select("id", "features")));
      assertThat(ParquetFiles.under(split)).hasSize(18);
      assertThat(ParquetFiles.bits(read(split))).isEqualTo(ParquetFiles.bits(records));
      assertThat(ParquetFiles.bits(spark().table("bulk_buckets")))
          .isEqualTo(ParquetFiles.bits(records));
    } finally {
      spark().sql("DROP TABLE bulk_buckets");
    }
  }

  @Test
  void pagesAndRowGroupsEndWhereRecordsDo() throws IOException {
    Dataset<Row> records =
        spark()
            .range(0, 5000, 1, 1)
            .selectExpr(
                "id",
                "transform(sequence(1, 100), i -> cast(sin(100 * id + i) as float)) AS features");
    Path path =
        write(
            bulk(records)
                .option("compression", "none")
                .option("parquet.page.size", 10_000)
                .option("parquet.block.size", 600_000),
            "bulk");
    Path file = ParquetFiles.under(path).get(0);

    List<BlockMetaData> rowGroups = ParquetFiles.rowGroups(file);
    assertThat(rowGroups).hasSizeBetween(4, 5);
    assertThat(rowGroups.stream().mapToLong(BlockMetaData::getRowCount).sum()).isEqualTo(5000);
    assertThat(rowGroups).allMatch(group -> group.getTotalByteSize() <= 600_000);
    for (BlockMetaData rowGroup : rowGroups) {
      ColumnChunkMetaData features = rowGroup.getColumns().get(1);
      assertThat(features.getValueCount()).isEqualTo(100 * rowGroup.getRowCount());
      OffsetIndex pages = offsetIndex(file, features);
      assertThat(pages.getPageCount()).isGreaterThan(10);
      for (int page = 1; page < pages.getPageCount(); page++) {
        assertThat(pages.getFirstRowIndex(page) - pages.getFirstRowIndex(page - 1)).isEqualTo(23);
      }
    }
    assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void aPageHasNoMoreNullsThanBytesAskedFor() throws IOException {
    Dataset<Row> records =
        spark().range(0, 1000, 1, 1).selectExpr("array_repeat(cast(null AS FLOAT), 1000) AS x");
    Path path = write(bulk(records).option("parquet.page.size", 100_000), "bulk");
    Path file = ParquetFiles.under(path).get(0);

    OffsetIndex pages = offsetIndex(file, ParquetFiles.rowGroups(file).get(0).getColumns().get(0));
    assertThat(pages.getPageCount()).isEqualTo(12);
    assertThat(pages.getFirstRowIndex(11)).isEqualTo(990);
    assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void aHugeRecordDoesNotWaitForOthers() {
    Dataset<Row> records =
        spark()
            .range(0, 12, 1, 1)
            .selectExpr(
                "transform(sequence(1, 200000), i -> cast(sin(100 * id + i) as double)) AS x");
    Path path =
        write(
            bulk(records).option("compression", "none").option("parquet.block.size", 6_000_000),
            "bulk");

    assertThat(ParquetFiles.rowGroups(ParquetFiles.under(path).get(0)))
        .allMatch(group -> group.getTotalByteSize() < 8_000_000);
    assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void filtersSkipPagesAsInSparksFiles() throws IOException {
    Dataset<Row> records =
        spark()
            .range(0, 20_000, 1, 1)
            .selectExpr(
                "id",
                "id / 4D AS quarter",
                "array(cast(id AS FLOAT), cast(-id AS FLOAT)) AS features");
    Path path = write(bulk(records).option("parquet.page.row.count.limit", 1000), "bulk");
    Path standard =
        write(
            records.write().format("parquet").option("parquet.page.row.count.limit", 1000),
            "spark");

    assertThat(ParquetFiles.bits(read(path).where("id BETWEEN 7300 AND 9200")))
        .isEqualTo(ParquetFiles.bits(records.where("id BETWEEN 7300 AND 9200")));
    Path file = ParquetFiles.under(path).get(0);
    for (ColumnChunkMetaData column : ParquetFiles.rowGroups(file).get(0).getColumns()) {
      OffsetIndex pages = offsetIndex(file, column);
      assertThat(pages.getPageCount()).isEqualTo(20);
      assertThat(pages.getFirstRowIndex(7)).isEqualTo(7000);
    }
    for (FilterPredicate filter :
        List.of(
            FilterApi.and(
                FilterApi.gtEq(FilterApi.longColumn("id"), 7300L),
                FilterApi.lt(FilterApi.longColumn("id"), 9200L)),
            FilterApi.gt(FilterApi.doubleColumn("quarter"), 4500.0))) {
      assertThat(recordsNotSkipped(file, filter))
          .isLessThan(4000)
          .isEqualTo(recordsNotSkipped(ParquetFiles.under(standard).get(0), filter));
    }
  }

  private static long recordsNotSkipped(Path file, FilterPredicate filter) throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder().withRecordFilter(FilterCompat.get(filter)).build();
    try (ParquetFileReader reader = ParquetFiles.open(file, options)) {
      return reader.getFilteredRecordCount();
    }
  }

  @Test
  void statisticsGiveRangesAndNullsOfArrays() throws IOException {
    Dataset<Row> records =
        spark()
            .sql(
                "SELECT array(1F, null, -2F) AS x, array(0D) AS y, array(1F) AS z"
                    + " UNION ALL SELECT null, array(-1D, 0D), array(float('NaN'))"
                    + " UNION ALL SELECT array(), array(-3D), array(2F)")
            .coalesce(1);
    Path file = ParquetFiles.under(write(bulk(records), "bulk")).get(0);
    List<ColumnChunkMetaData> columns = ParquetFiles.rowGroups(file).get(0).getColumns();

    assertThat(columns.get(0).getStatistics().genericGetMin()).isEqualTo(-2F);
    assertThat(columns.get(0).getStatistics().genericGetMax()).isEqualTo(1F);
    assertThat(columns.get(0).getStatistics().getNumNulls()).isEqualTo(3);
    assertThat(columns.get(1).getStatistics().getMaxBytes()).containsOnly(0);
    assertThat(columns.get(2).getStatistics().hasNonNullValue()).isFalse();
    assertThat(columnIndex(file, columns.get(0)).getNullCounts()).containsExactly(3L);
    assertThat(columnIndex(file, columns.get(2))).isNull();
  }

  @Test
  void singleValuesHaveTheStatisticsOfSparksFiles() throws IOException {
    Dataset<Row> records =
        spark()
            .range(0, 1000, 1, 1)
            .selectExpr(
                "sin(id) AS x",
                "if(id % 3 < 2, null, cast(id % 7 AS FLOAT)) AS y",
                "cast(null AS DOUBLE) AS z",
                "if(id = 500, double('NaN'), cos(id)) AS faulty");
    Path ours = ParquetFiles.under(write(bulk(records), "bulk")).get(0);
    Path standard = ParquetFiles.under(write(records.write().format("parquet"), "spark")).get(0);
    List<ColumnChunkMetaData> columns = ParquetFiles.rowGroups(ours).get(0).getColumns();
    List<ColumnChunkMetaData> expected = ParquetFiles.rowGroups(standard).get(0).getColumns();

    for (int c = 0; c < 3; c++) {
      assertThat(columns.get(c).getStatistics()).isEqualTo(expected.get(c).getStatistics());
      assertThat(columns.get(c).getEncodings()).isEqualTo(expected.get(c).getEncodings());
      assertThat(columns.get(c).getTotalUncompressedSize())
          .isEqualTo(expected.get(c).getTotalUncompressedSize());
      assertThat(columnIndex(ours, columns.get(c)))
          .hasToString(columnIndex(standard, expected.get(c)).toString());
    }
    assertThat(columns.get(3).getStatistics().hasNonNullValue()).isFalse();
    assertThat(columns.get(3).getStatistics().getNumNulls()).isZero();
    assertThat(columnIndex(ours, columns.get(3))).isNull();
  }

  /** Only parquet-java 1.16 takes them from a page's writer. */
  @Test
  void sizesOfLevelsAreThoseOfSparksFiles() {
    assumeTrue(
        Arrays.stream(PageWriter.class.getMethods())
            .anyMatch(method -> method.getParameterCount() == 9));
    Dataset<Row> records = records(2000).coalesce(1);
    Path ours = ParquetFiles.under(write(bulk(records), "bulk")).get(0);
    Path standard = ParquetFiles.under(write(records.write().format("parquet"), "spark")).get(0);

    assertThat(sizes(ours))
        .doesNotContainNull()
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactlyElementsOf(sizes(standard));
  }

  /** By its name, which parquet-java 1.13 does not have. */
  private static List<Object> sizes(Path file) {
    return ParquetFiles.rowGroups(file).get(0).getColumns().stream()
        .map(Extractors.byName("sizeStatistics"))
        .collect(Collectors.toList());
  }

  @Test
  void checksumsAreWrittenWhenAskedFor() {
    Dataset<Row> records = records(200);
    Path with = write(bulk(records).option("parquet.page.write-checksum.enabled", true), "with");
    Path without =
        write(bulk(records).option("parquet.page.write-checksum.enabled", false), "without");

    assertThat(ParquetFiles.under(with).get(0)).isNotEmptyFile();
    assertThat(ParquetFiles.under(with).get(0).toFile().length())
        .isGreaterThan(ParquetFiles.under(without).get(0).toFile().length());
    assertThat(
            ParquetFiles.bits(
                spark()
                    .read()
                    .option("parquet.page.verify-checksum.enabled", true)
                    .parquet(with.toString())))
        .isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void fewDistinctValuesMakeADictionaryAndManyDoNot() {
    Dataset<Row> records =
        spark()
            .range(0, 4000, 1, 1)
            .selectExpr(
                "transform(sequence(1, 100), i -> cast(floor(rand(7) * 256) AS FLOAT)) AS pixels",
                "transform(sequence(1, 100), i -> sin(100 * id + i)) AS sines",
                "transform(sequence(1, 100), i -> if(id < 2000, i / 2D, sin(100 * id + i))) AS"
                    + " mixed");
    Path file =
        ParquetFiles.under(write(bulk(records).option("compression", "zstd"), "bulk")).get(0);
    Path expected =
        ParquetFiles.under(
                write(records.write().format("parquet").option("compression", "zstd"), "spark"))
            .get(0);
    List<ColumnChunkMetaData> columns = ParquetFiles.rowGroups(file).get(0).getColumns();
    List<ColumnChunkMetaData> standard = ParquetFiles.rowGroups(expected).get(0).getColumns();

    assertThat(columns.get(0).getEncodings())
        .containsExactlyInAnyOrder(Encoding.RLE, Encoding.PLAIN_DICTIONARY);
    assertThat(columns.get(1).getEncodings())
        .containsExactlyInAnyOrder(Encoding.RLE, Encoding.PLAIN);
    for (int column = 0; column < 3; column++) {
      assertThat(columns.get(column).getTotalSize())
          .isLessThan(standard.get(column).getTotalSize() * 102 / 100);
    }
    assertThat(ParquetFiles.bits(read(file))).isEqualTo(ParquetFiles.bits(records));
  }

  @Test
  void byteStreamsAreReadBack() throws IOException {
    Dataset<Row> records =
        spark()
            .range(0, 1000, 1, 1)
            .selectExpr(
                "transform(sequence(1, 100), i -> cast(sin(100 * id + i) AS FLOAT)) AS x",
                "transform(sequence(1, 100), i -> sin(100 * id + i)) AS y");
    Path plain = write(bulk(records), "plain");
    Path split = write(bulk(records).option("byte-stream-split", true), "split");
    Path file = ParquetFiles.under(split).get(0);

    assertThat(ParquetFiles.rowGroups(file).get(0).getColumns())
        .allMatch(column -> column.getEncodings().contains(Encoding.BYTE_STREAM_SPLIT));
    assertThat(groups(file)).isEqualTo(groups(ParquetFiles.under(plain).get(0)));
  }

  @Test
  void whatCannotBeHonouredIsWrittenBySpark() {
    Dataset<Row> records = records(100).select("id", "features");
    Map<String, String> options = new HashMap<>();
    options.put("parquet.bloom.filter.enabled#id", "true");
    options.put("parquet.writer.version", "v2");
    options.put("parquet.enable.dictionary#features.list.element", "false");
    options.forEach(
        (key, value) -> {
          Path path = write(bulk(records).option(key, value), "fallback-" + key.hashCode());
          assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
        });

    assertThat(obstacle("parquet.writer.version", "v2"))
        .isEqualTo("option parquet.writer.version asks for data pages of version 2");
    assertThat(obstacle("parquet.crypto.factory.class", "Factory"))
        .isEqualTo("option parquet.crypto.factory.class is not supported");
    assertThat(obstacle("parquet.bloom.filter.enabled#id", "true"))
        .isEqualTo("option parquet.bloom.filter.enabled#id is not supported");
    assertThat(obstacle("spark.sql.parquet.writeLegacyFormat", "true"))
        .isEqualTo("spark.sql.parquet.writeLegacyFormat is on");
    assertThat(obstacle("parquet.page.size", "1000")).isNull();
    assertThat(obstacle("parquet.compression.codec.zstd.level", "9")).isNull();
  }

  private String obstacle(String key, String value) {
    Configuration conf = new Configuration(false);
    conf.set(key, value);
    return Obstacle.find(records(1).schema(), conf, spark()).orElse(null);
  }

  @Test
  void theLegacyListFormIsWrittenBySpark() {
    Dataset<Row> records = records(50).select("features");
    spark().conf().set("spark.sql.parquet.writeLegacyFormat", true);
    try {
      Path path = write(bulk(records), "legacy");
      assertThat(ParquetFiles.footer(ParquetFiles.under(path).get(0)).getFileMetaData().getSchema())
          .hasToString(
              """
              message spark_schema {
                optional group features (LIST) {
                  repeated group bag {
                    optional float array;
                  }
                }
              }
              """);
      assertThat(ParquetFiles.bits(read(path))).isEqualTo(ParquetFiles.bits(records));
    } finally {
      spark().conf().unset("spark.sql.parquet.writeLegacyFormat");
    }
  }

  @Test
  void aFailingTaskLeavesNoFile() {
    Dataset<Row> records =
        spark()
            .range(0, 3000, 1, 1)
            .select(
                functions.expr("array(cast(id AS FLOAT)) AS x"),
                functions.expr("if(id = 2500, raise_error('row 2500'), id) AS id"));

    assertThatThrownBy(() -> write(bulk(records), "failed")).hasStackTraceContaining("row 2500");
    assertThat(ParquetFiles.under(folder)).isEmpty();
  }

  private static OffsetIndex offsetIndex(Path file, ColumnChunkMetaData column) throws IOException {
    try (ParquetFileReader reader = ParquetFiles.open(file)) {
      return reader.readOffsetIndex(column);
    }
  }

  private static ColumnIndex columnIndex(Path file, ColumnChunkMetaData column) throws IOException {
    try (ParquetFileReader reader = ParquetFiles.open(file)) {
      return reader.readColumnIndex(column);
    }
  }
}
