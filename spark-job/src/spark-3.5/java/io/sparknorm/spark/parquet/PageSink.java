package io.sparknorm.spark.parquet;

import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.PrimitiveType;

/** Where the pages of one column chunk go, for a parquet-java without size statistics. */
record PageSink(
    PageWriter writer,
    PrimitiveType type,
    PageCompressor compressor,
    PageCompressor.Column column) {
  PageSink(PageWriter writer, PrimitiveType type, PageCompressor compressor) {
    this(writer, type, compressor, new PageCompressor.Column());
  }

  /** Writes a data page. */
  void write(
      int rowCount,
      Statistics<?> statistics,
      LevelEncoder repetitionLevels,
      LevelEncoder definitionLevels,
      BytesInput values,
      Encoding encoding)
      throws IOException {
    compressor.next(column);
    writer.writePage(
        BytesInput.concat(repetitionLevels.toBytes(), definitionLevels.toBytes(), values),
        definitionLevels.count(),
        rowCount,
        statistics,
        repetitionLevels.encoding(),
        definitionLevels.encoding(),
        encoding);
  }

  void write(DictionaryPage dictionary) throws IOException {
    writer.writeDictionaryPage(dictionary);
  }

  /** Bytes of compressed pages that wait for the end of the row group. */
  long size() {
    return writer.getMemSize();
  }
}
