package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Writes the rows of one file. After a failed write it only closes the stream, so that what is
 * there has no footer and no reader takes it for a file.
 */
final class BulkOutputWriter extends OutputWriter {
  private final String path;
  private final FileSchema schema;
  private final WriterSettings settings;
  private final UnsafeProjection toUnsafe;
  private final OrdinaryColumns ordinary;
  private final PageCompressor compressor;
  private final TrackedOutputFile output;
  private final ParquetFileWriter file;
  private RowGroup rowGroup;
  private long rowGroupSize;
  private boolean failed;

  BulkOutputWriter(
      String path,
      StructType rows,
      WriterSettings settings,
      CompressionCodecName codec,
      Configuration conf)
      throws IOException {
    this.path = path;
    this.settings = settings;
    schema = FileSchema.of(rows, conf);
    toUnsafe = toUnsafe(rows, schema);
    ordinary = new OrdinaryColumns(schema, settings, conf);
    output = new TrackedOutputFile(new Path(path), conf);
    compressor = new PageCompressor(codec, settings, conf);
    failed = true; // until it has begun: nobody closes a writer that nobody was given
    try {
      file = begin();
      startRowGroup();
      failed = false;
    } finally {
      if (failed) {
        close();
      }
    }
  }

  private ParquetFileWriter begin() throws IOException {
    ParquetFileWriter begun =
        new ParquetFileWriter(
            output,
            schema.message(),
            ParquetFileWriter.Mode.CREATE,
            settings.rowGroupSize(),
            settings.maxPadding(),
            settings.properties().getColumnIndexTruncateLength(),
            settings.properties().getStatisticsTruncateLength(),
            settings.properties().getPageWriteChecksumEnabled());
    begun.start();
    return begun;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public void write(InternalRow row) {
    boolean written = false;
    try {
      rowGroup.write(row instanceof UnsafeRow unsafe ? unsafe : toUnsafe.apply(row));
      if (rowGroup.fills(rowGroupSize)) {
        rowGroup.writeTo(file);
        startRowGroup();
      }
      written = true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      failed |= !written;
    }
  }

  @Override
  public void close() {
    try (output) {
      if (!failed) {
        rowGroup.writeTo(file);
        Map<String, String> metadata = new HashMap<>(schema.metadata());
        metadata.putAll(ordinary.finish().getExtraMetaData());
        file.end(metadata);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      compressor.release();
    }
  }

  private void startRowGroup() throws IOException {
    rowGroup = new RowGroup(schema, ordinary, settings, compressor);
    rowGroupSize = Math.min(file.getNextRowGroupSize(), settings.rowGroupSize());
  }

  /** Takes tensors with nulls whatever the schema says: without it a null would become a zero. */
  private static UnsafeProjection toUnsafe(StructType rows, FileSchema schema) {
    DataType[] types = new DataType[rows.length()];
    for (int ordinal = 0; ordinal < types.length; ordinal++) {
      types[ordinal] = rows.apply(ordinal).dataType();
    }
    for (TensorColumn tensor : schema.tensors()) {
      ArrayType declared = (ArrayType) types[tensor.ordinal()];
      types[tensor.ordinal()] = DataTypes.createArrayType(declared.elementType(), true);
    }
    return UnsafeProjection.create(types);
  }
}
