package io.sparknorm.spark.parquet;

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
record PageSink(
    PageWriter writer,
    PrimitiveType type,
    PageCompressor compressor,
    PageCompressor.Column column) {
  PageSink(PageWriter writer, PrimitiveType type, PageCompressor compressor) {
    this(writer, type, compressor, new PageCompressor.Column());
  }

  /**
   * Whether sizes are given together with statistics of geometries. The parquet-java 1.15 of Spark
   * 4.0 takes them alone, and other histograms: its pages go without.
   */
  private static final boolean KNOWS_GEOMETRIES =
      Arrays.stream(PageWriter.class.getMethods())
          .filter(method -> method.getName().equals("writePage"))
          .anyMatch(method -> method.getParameterCount() == 9);

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
    BytesInput page =
        BytesInput.concat(repetitionLevels.toBytes(), definitionLevels.toBytes(), values);
    int count = definitionLevels.count();
    Encoding repetition = repetitionLevels.encoding();
    Encoding definition = definitionLevels.encoding();
    if (KNOWS_GEOMETRIES) {
      SizeStatistics sizes = sizes(repetitionLevels, definitionLevels);
      writer.writePage(
          page, count, rowCount, statistics, sizes, null, repetition, definition, encoding);
    } else {
      writer.writePage(page, count, rowCount, statistics, repetition, definition, encoding);
    }
  }

  /** Parquet leaves out the histogram of levels that row and null counts imply. */
  private SizeStatistics sizes(LevelEncoder repetitionLevels, LevelEncoder definitionLevels) {
    return new SizeStatistics(
        type,
        0,
        histogram(repetitionLevels.histogram(), 1),
        histogram(definitionLevels.histogram(), 2));
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
