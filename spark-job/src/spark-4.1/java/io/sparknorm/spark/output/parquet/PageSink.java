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
  /** Writes a data page. */
  void write(
      int rowCount,
      Statistics<?> statistics,
      LevelEncoder repetitionLevels,
      LevelEncoder definitionLevels,
      BytesInput values,
      Encoding encoding)
      throws IOException {
    // Parquet leaves out the histogram of levels that row and null counts imply.
    SizeStatistics sizes =
        new SizeStatistics(
            type,
            0,
            histogram(repetitionLevels.histogram(), 1),
            histogram(definitionLevels.histogram(), 2));
    writer.writePage(
        BytesInput.concat(repetitionLevels.toBytes(), definitionLevels.toBytes(), values),
        definitionLevels.count(),
        rowCount,
        statistics,
        sizes,
        null,
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

  private static List<Long> histogram(long[] counts, int implied) {
    return counts.length <= implied
        ? List.of()
        : Arrays.stream(counts).boxed().collect(Collectors.toList());
  }
}
