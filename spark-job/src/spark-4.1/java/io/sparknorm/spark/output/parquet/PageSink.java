package io.sparknorm.spark.output.parquet;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.PrimitiveType;

/** Where the pages of one column chunk go, for a parquet-java that keeps size statistics. */
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
    // Parquet leaves out the histogram of a definition level of at most one: null counts imply it.
    List<Long> definitionHistogram =
        definitionLevels.length > 2 ? boxed(definitionLevels) : List.of();
    SizeStatistics sizes =
        new SizeStatistics(type, 0, boxed(repetitionLevels), definitionHistogram);
    int valueCount = Math.toIntExact(Arrays.stream(repetitionLevels).sum());
    writer.writePage(
        bytes, valueCount, rowCount, statistics, sizes, null, Encoding.RLE, Encoding.RLE, encoding);
  }

  void write(DictionaryPage dictionary) throws IOException {
    writer.writeDictionaryPage(dictionary);
  }

  /** Bytes of compressed pages that wait for the end of the row group. */
  long size() {
    return writer.getMemSize();
  }

  private static List<Long> boxed(long[] counts) {
    return Arrays.stream(counts).boxed().collect(Collectors.toList());
  }
}
