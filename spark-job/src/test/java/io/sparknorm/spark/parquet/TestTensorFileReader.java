package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.paths.SparkPath;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.collection.immutable.Map$;

class TestTensorFileReader extends SparkTest {
  private static final StructType FLOATS =
      new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType));

  @TempDir Path folder;

  private Path write(String sql, String... options) {
    String path = folder.resolve("files").toString();
    var writer = spark().sql(sql).coalesce(1).write();
    for (int i = 0; i < options.length; i += 2) {
      writer = writer.option(options[i], options[i + 1]);
    }
    writer.format(options.length == 0 ? "parquet" : BulkParquetFormat.NAME).save(path);
    return ParquetFiles.under(Path.of(path)).get(0);
  }

  private static Optional<TensorFileReader> open(Path file, StructType columns) throws IOException {
    PartitionedFile part =
        new PartitionedFile(
            InternalRow.empty(),
            SparkPath.fromUri(file.toUri()),
            0,
            Files.size(file),
            new String[0],
            0,
            Files.size(file),
            Map$.MODULE$.empty());
    return TensorFileReader.open(part, columns, new Configuration(false));
  }

  @Test
  void takesArraysThatSparkWrote() throws IOException {
    Path file = write("SELECT array(float(id), null) AS x FROM range(5)");

    try (TensorFileReader reader = open(file, FLOATS).orElseThrow()) {
      reader.read(2);
      reader.read(3);
      assertThat(reader.vector(0).getArray(2).getFloat(0)).isEqualTo(4);
      assertThat(reader.vector(0).getArray(2).isNullAt(1)).isTrue();
    }
  }

  @Test
  void leavesAnotherElementTypeToSpark() throws IOException {
    assertThat(open(write("SELECT array(1D) AS x"), FLOATS)).isEmpty();
  }

  @Test
  void leavesAColumnThatIsNotThereToSpark() throws IOException {
    assertThat(open(write("SELECT array(1F) AS y"), FLOATS)).isEmpty();
  }

  @Test
  void leavesAnEncodingThatItDoesNotKnowToSpark() throws IOException {
    Path file =
        write(
            "SELECT transform(sequence(1, 500), i -> float(sin(i))) AS x",
            BulkParquetFormat.BYTE_STREAM_SPLIT,
            "true");

    assertThat(open(file, FLOATS)).isEmpty();
  }

  @Test
  void leavesNamesThatDifferInCaseAloneToSpark() throws IOException {
    spark().conf().set("spark.sql.caseSensitive", true);
    try {
      assertThat(open(write("SELECT array(1F) AS x, 1 AS X"), FLOATS)).isEmpty();
    } finally {
      spark().conf().unset("spark.sql.caseSensitive");
    }
  }

  @Test
  void aFileIsReadInAsManyPartsAsItIsSplitInto() throws IOException {
    Path file =
        write(
            "SELECT id, array(double(id), double(-id)) AS x FROM range(0, 20000, 1, 1)",
            "parquet.block.size",
            "20000");
    spark().conf().set("spark.sql.files.maxPartitionBytes", Files.size(file) / 7);
    spark().conf().set("spark.sql.parquet.columnarReaderBatchSize", 11);
    try {
      Dataset<Row> rows = spark().read().format(BulkParquetFormat.NAME).load(file.toString());

      assertThat(rows.rdd().getNumPartitions()).isGreaterThan(5);
      assertThat(rows.selectExpr("count(*)", "sum(x[0])", "count_if(x[1] = -id)").first())
          .isEqualTo(RowFactory.create(20000L, 199990000.0, 20000L));
    } finally {
      spark().conf().unset("spark.sql.files.maxPartitionBytes");
      spark().conf().unset("spark.sql.parquet.columnarReaderBatchSize");
    }
  }

  @Test
  void partitionsMetadataAndRowNumbersComeWithTheTensors() throws IOException {
    String path = folder.resolve("parted").toString();
    spark()
        .sql("SELECT array(float(id)) AS x, id, id % 2 AS p, array(id) AS y FROM range(0, 9, 1, 1)")
        .write()
        .partitionBy("p")
        .parquet(path);
    String[] columns = {"p", "x", "_metadata.row_index", "y", "id", "_metadata.file_name"};

    assertThat(
            spark()
                .read()
                .format(BulkParquetFormat.NAME)
                .load(path)
                .selectExpr(columns)
                .orderBy("id")
                .collectAsList())
        .hasSize(9)
        .isEqualTo(spark().read().parquet(path).selectExpr(columns).orderBy("id").collectAsList());
  }

  @Test
  void closesTwiceWithoutHarm() throws IOException {
    TensorFileReader reader = open(write("SELECT array(1F) AS x"), FLOATS).orElseThrow();
    reader.read(1);
    reader.close();
    reader.close();
  }
}
