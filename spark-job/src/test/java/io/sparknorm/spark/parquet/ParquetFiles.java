package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.Job;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import scala.collection.immutable.Map$;

/** What tests look at in written folders and files. */
final class ParquetFiles {
  private ParquetFiles() {}

  /** What the bulk format lets write such records. */
  static OutputWriterFactory factory(Dataset<Row> records, Map<String, String> options)
      throws IOException {
    Job job = Job.getInstance();
    options.forEach(job.getConfiguration()::set);
    return new BulkParquetFormat()
        .prepareWrite(records.sparkSession(), job, Map$.MODULE$.empty(), records.schema());
  }

  /** All data files under a folder, hidden ones left out, in order of their names. */
  static List<Path> under(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths
          .filter(path -> path.toString().endsWith(".parquet"))
          .filter(path -> !path.getFileName().toString().startsWith("."))
          .sorted()
          .collect(Collectors.toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ParquetMetadata footer(Path file) {
    try (ParquetFileReader reader = open(file)) {
      return reader.getFooter();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<BlockMetaData> rowGroups(Path file) {
    return footer(file).getBlocks();
  }

  static ParquetFileReader open(Path file) throws IOException {
    return open(file, ParquetReadOptions.builder().build());
  }

  static ParquetFileReader open(Path file, ParquetReadOptions options) throws IOException {
    return ParquetFileReader.open(
        HadoopInputFile.fromPath(
            new org.apache.hadoop.fs.Path(file.toUri()), new Configuration(false)),
        options);
  }

  /** Spark's binary form of each record, sorted: equal lists are equal to the last bit. */
  static List<ByteBuffer> bits(Dataset<Row> records) {
    List<byte[]> rows =
        records.queryExecution().toRdd().toJavaRDD().map(SparkRows::bytes).collect();
    return rows.stream().map(ByteBuffer::wrap).sorted().collect(Collectors.toList());
  }
}
