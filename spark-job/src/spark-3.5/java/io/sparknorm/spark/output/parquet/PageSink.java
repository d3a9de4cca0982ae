package io.sparknorm.spark.output.parquet;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.PrimitiveType;

/** Where the pages of one column chunk go, for a parquet-java without size statistics. */
record PageSink(PageWriter writer, PrimitiveType type) {
  /** Writes a data page; the histograms count the levels of each value. */
  void write(
      BytesInput bytes,
      int rowCount,
      Statistics<?> statistics,
      long[] repetitionLevels,
      long[] definitionLevels,
      Encoding encoding)
      throws IOException {
    int valueCount = Math.toIntExact(Arrays.stream(repetitionLevels).sum());
    writer.writePage(bytes, valueCount, rowCount, statistics, Encoding.RLE, Encoding.RLE, encoding);
  }

  void write(DictionaryPage dictionary) throws IOException {
    writer.writeDictionaryPage(dictionary);
  }

  /** Bytes of compressed pages that wait for the end of the row group. */
  long size() {
    return writer.getMemSize();
  }
}
