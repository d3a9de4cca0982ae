package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.paths.SparkPath;
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

  private static Optional<TensorFileReader> open(Path file, StructType columns, long start)
      throws IOException {
    PartitionedFile part =
        new PartitionedFile(
            InternalRow.empty(),
            SparkPath.fromUri(file.toUri()),
            start,
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

    try (TensorFileReader reader = open(file, FLOATS, 0).orElseThrow()) {
      reader.read(2);
      reader.read(3);
      assertThat(reader.vector(0).getArray(2).getFloat(0)).isEqualTo(4);
      assertThat(reader.vector(0).getArray(2).isNullAt(1)).isTrue();
    }
  }

  @Test
  void leavesAnotherElementTypeToSpark() throws IOException {
    assertThat(open(write("SELECT array(1D) AS x"), FLOATS, 0)).isEmpty();
  }

  @Test
  void leavesAColumnThatIsNotThereToSpark() throws IOException {
    assertThat(open(write("SELECT array(1F) AS y"), FLOATS, 0)).isEmpty();
  }

  @Test
  void leavesAnEncodingThatItDoesNotKnowToSpark() throws IOException {
    Path file =
        write(
            "SELECT transform(sequence(1, 500), i -> float(sin(i))) AS x",
            BulkParquetFormat.BYTE_STREAM_SPLIT,
            "true");

    assertThat(open(file, FLOATS, 0)).isEmpty();
  }

  @Test
  void closesTwiceWithoutHarm() throws IOException {
    TensorFileReader reader = open(write("SELECT array(1F) AS x"), FLOATS, 0).orElseThrow();
    reader.read(1);
    reader.close();
    reader.close();
  }
}
