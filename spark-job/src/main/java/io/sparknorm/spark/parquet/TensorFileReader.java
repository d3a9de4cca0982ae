package io.sparknorm.spark.parquet;

import io.sparknorm.spark.LocalFiles;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Reads the tensor columns of a part of a file, and no others. */
final class TensorFileReader implements Closeable {
  /** Encodings of values, and of levels, which are in runs wherever there are any. */
  private static final Set<Encoding> KNOWN =
      Set.of(
          Encoding.PLAIN,
          Encoding.RLE,
          Encoding.BIT_PACKED,
          Encoding.PLAIN_DICTIONARY,
          Encoding.RLE_DICTIONARY);

  private static final String VECTORED_READS = "parquet.hadoop.vectored.io.enabled";

  private final long rows;
  private final List<TensorColumnReader> columns = new ArrayList<>();

  // Those who wait for a task to end keep this object: it keeps nothing of a file that is closed.
  private PageBuffers buffers;
  private ParquetFileReader file;
  private long rowsRead;
  private long rowsLeft;

  private TensorFileReader(PartitionedFile part, Configuration conf) throws IOException {
    Path path = part.toPath();
    buffers = new PageBuffers(conf);
    file =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(path, conf),
            HadoopReadOptions.builder(readsInTurn(path, conf), path)
                .withRange(part.start(), part.start() + part.length())
                .withCodecFactory(buffers)
                .build());
    rows = file.getRecordCount();
  }

  /**
   * Leaves ranges of a local file to the thread that waits for them, unless the user decides:
   * Hadoop hands them to another one, for a core that no task has left, and has the bytes copied
   * once more.
   */
  private static Configuration readsInTurn(Path path, Configuration conf) {
    if (!LocalFiles.hold(path.toUri()) || conf.get(VECTORED_READS) != null) {
      return conf;
    }

    Configuration inTurn = new Configuration(conf);
    inTurn.setBoolean(VECTORED_READS, false);
    return inTurn;
  }

  /** Opens a part of a file, if all of these columns are tensors there as well. */
  static Optional<TensorFileReader> open(
      PartitionedFile part, StructType tensors, Configuration conf) throws IOException {
    TensorFileReader reader = new TensorFileReader(part, conf);
    boolean isFound = false;
    try {
      isFound = reader.find(tensors);
    } finally {
      if (!isFound) {
        reader.close();
      }
    }
    return isFound ? Optional.of(reader) : Optional.empty();
  }

  private boolean find(StructType tensors) {
    MessageType message = file.getFileMetaData().getSchema();
    List<Type> types = new ArrayList<>();
    for (StructField field : tensors.fields()) {
      TensorColumn column =
          isUnique(field.name(), message)
              ? TensorColumn.find(message.getFieldIndex(field.name()), field, message)
              : null;
      if (column == null || !isKnown(column.leaf())) {
        return false;
      }
      types.add(message.getType(column.ordinal()));
      columns.add(new TensorColumnReader(column, (ArrayType) field.dataType(), buffers));
    }
    file.setRequestedSchema(new MessageType(message.getName(), types));
    return true;
  }

  /** Spark refuses names that differ in case alone, unless it is told to tell them apart. */
  private static boolean isUnique(String name, MessageType message) {
    return message.containsField(name)
        && message.getFields().stream()
                .filter(field -> field.getName().equalsIgnoreCase(name))
                .count()
            == 1;
  }

  private boolean isKnown(ColumnDescriptor leaf) {
    ColumnPath path = ColumnPath.get(leaf.getPath());
    return file.getRowGroups().stream()
        .flatMap(rowGroup -> rowGroup.getColumns().stream())
        .filter(chunk -> chunk.getPath().equals(path))
        .allMatch(chunk -> KNOWN.containsAll(chunk.getEncodings()));
  }

  /** The rows that were read last, of a column in the order of the schema. */
  TensorVector vector(int column) {
    return columns.get(column).vector();
  }

  /** Reads the next rows, all of one row group. Another thread may close the file meanwhile. */
  synchronized void read(int count) throws IOException {
    if (file == null) {
      throw new IOException("Cannot read %d rows: the file is closed".formatted(count));
    }
    if (rowsLeft == 0) {
      startRowGroup();
    }
    if (count > rowsLeft) {
      throw new IOException(
          "Cannot read %d rows of a row group: it has %d more".formatted(count, rowsLeft));
    }
    for (TensorColumnReader column : columns) {
      column.read(count);
    }
    rowsLeft -= count;
    rowsRead += count;
  }

  private void startRowGroup() throws IOException {
    PageReadStore rowGroup = file.readNextRowGroup();
    if (rowGroup == null) {
      throw new IOException("Cannot read more than %d rows of a file".formatted(rowsRead));
    }
    rowsLeft = rowGroup.getRowCount();
    for (TensorColumnReader column : columns) {
      column.startRowGroup(rowGroup);
    }
  }

  /** Throws if the others have read a file that has other rows. */
  void requireEnd() throws IOException {
    if (rowsRead != rows) {
      throw new IOException(
          "Cannot read %d rows of %d: the file was replaced while it was read"
              .formatted(rows - rowsRead, rows));
    }
  }

  /** Gives the file and all memory back; harmless where that is done already. */
  @Override
  public synchronized void close() {
    if (file == null) {
      return;
    }
    try (ParquetFileReader open = file) {
      buffers.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      columns.clear();
      buffers = null;
      file = null;
    }
  }
}
