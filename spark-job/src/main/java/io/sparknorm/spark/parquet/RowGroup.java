package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.util.List;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/**
 * A row group that is being filled. It keeps the compressed pages of all columns in memory, because
 * a file holds them column by column.
 */
final class RowGroup {
  /** At most, unless less is asked for: measuring the other columns visits each of them. */
  private static final int RECORDS_BETWEEN_MEASUREMENTS = 100;

  private final ColumnChunkPageWriteStore pages;
  private final OrdinaryColumns ordinary;
  private final ScalarColumnsWriter scalars;
  private final TensorColumnWriter[] tensors;
  private final int betweenMeasurements;
  private long flatSize;
  private long records;

  RowGroup(
      FileSchema schema,
      OrdinaryColumns ordinary,
      WriterSettings settings,
      PageCompressor compressor) {
    this.pages =
        new ColumnChunkPageWriteStore(
            compressor,
            schema.message(),
            settings.properties().getAllocator(),
            settings.properties().getColumnIndexTruncateLength(),
            settings.properties().getPageWriteChecksumEnabled());
    this.betweenMeasurements =
        Math.min(
            RECORDS_BETWEEN_MEASUREMENTS, settings.properties().getMinRowCountForPageSizeCheck());
    this.ordinary = ordinary;
    ordinary.startRowGroup(pages);
    this.scalars = new ScalarColumnsWriter(schema.scalars(), pages, compressor, settings);
    List<TensorColumn> columns = schema.tensors();
    this.tensors = new TensorColumnWriter[columns.size()];
    for (int i = 0; i < tensors.length; i++) {
      TensorColumn column = columns.get(i);
      PageSink sink =
          new PageSink(
              pages.getPageWriter(column.leaf()), column.leaf().getPrimitiveType(), compressor);
      tensors[i] = new TensorColumnWriter(column, sink, settings);
    }
  }

  void write(UnsafeRow row) throws IOException {
    ordinary.write(row);
    scalars.write(row);
    for (TensorColumnWriter tensor : tensors) {
      tensor.write(row);
    }
    records++;
    if (records % betweenMeasurements == 0) {
      flatSize = ordinary.bufferedSize() + scalars.bufferedSize();
    }
  }

  /** Whether another two records of this size would make it larger than {@code size} bytes. */
  boolean fills(long size) {
    long buffered = flatSize;
    for (TensorColumnWriter tensor : tensors) {
      buffered += tensor.bufferedSize();
    }
    return buffered > size - 2 * (buffered / records);
  }

  void writeTo(ParquetFileWriter file) throws IOException {
    if (records == 0) {
      return;
    }
    file.startBlock(records);
    ordinary.finishRowGroup();
    scalars.finish();
    for (TensorColumnWriter tensor : tensors) {
      tensor.finish();
    }
    pages.flushToFileWriter(file);
    file.endBlock();
  }
}
