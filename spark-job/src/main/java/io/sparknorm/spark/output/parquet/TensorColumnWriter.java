package io.sparknorm.spark.output.parquet;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.Platform;

/** Writes the pages of one tensor column in one row group. A page ends where a record ends. */
final class TensorColumnWriter {
  private static final int LENGTH_BYTES = Long.BYTES;

  private final TensorColumn column;
  private final PageSink sink;
  private final WriterSettings settings;
  private final int width;
  private final ChunkDictionary dictionary;
  private final LevelEncoder repetitionLevels = new LevelEncoder(1);
  private final LevelEncoder definitionLevels;
  private byte[] page;
  private int length;
  private int rows;
  private long nulls;

  TensorColumnWriter(TensorColumn column, PageSink sink, WriterSettings settings) {
    this.column = column;
    this.sink = sink;
    this.settings = settings;
    this.width = column.elementType().width();
    this.dictionary = new ChunkDictionary(column.elementType(), settings.properties());
    this.definitionLevels = new LevelEncoder(column.elementLevel());
    this.page = new byte[settings.pageSize()];
  }

  /**
   * Adds the column's array of a row.
   *
   * @throws IllegalArgumentException if it is null, or has a null, against the schema
   */
  void write(UnsafeRow row) throws IOException {
    if (row.isNullAt(column.ordinal())) {
      requireNullable(column.nullable(), "null array");
      writeAbsent(0);
    } else {
      write(row.getArray(column.ordinal()));
    }
    rows++;
    if (pageSize() >= settings.pageSize() || rows >= settings.pageRows()) {
      endPage();
    }
  }

  /** Bytes in memory: compressed pages, the dictionary and the page that is being filled. */
  long bufferedSize() {
    return sink.size() + dictionary.size() + pageSize();
  }

  /** Completes the column chunk. */
  void finish() throws IOException {
    if (rows > 0) {
      endPage();
    }
    DictionaryPage dictionaryPage = dictionary.toPage();
    if (dictionaryPage != null) {
      sink.write(dictionaryPage);
    }
  }

  private long pageSize() {
    return (long) length + repetitionLevels.size() + definitionLevels.size();
  }

  private void writeAbsent(int definitionLevel) {
    repetitionLevels.add(0, 1);
    definitionLevels.add(definitionLevel, 1);
    nulls++;
  }

  private void write(UnsafeArrayData array) {
    int count = array.numElements();
    if (count == 0) {
      writeAbsent(column.emptyLevel());
      return;
    }
    repetitionLevels.add(0, 1);
    repetitionLevels.add(1, count - 1);
    if (hasNull(array)) {
      requireNullable(column.containsNull(), "null element");
      writePresentAndNull(array);
    } else {
      definitionLevels.add(column.elementLevel(), count);
      append(array, 0, count);
    }
  }

  private void writePresentAndNull(UnsafeArrayData array) {
    int count = array.numElements();
    int from = 0;
    while (from < count) {
      boolean isNull = array.isNullAt(from);
      int to = from + 1;
      while (to < count && array.isNullAt(to) == isNull) {
        to++;
      }
      if (isNull) {
        definitionLevels.add(column.nullElementLevel(), to - from);
        nulls += to - from;
      } else {
        definitionLevels.add(column.elementLevel(), to - from);
        append(array, from, to);
      }
      from = to;
    }
  }

  /** Looks at the array's null bits, which stand between its length and its values, in words. */
  private static boolean hasNull(UnsafeArrayData array) {
    int end = UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
    for (int at = LENGTH_BYTES; at < end; at += Long.BYTES) {
      if (Platform.getLong(array.getBaseObject(), array.getBaseOffset() + at) != 0) {
        return true;
      }
    }
    return false;
  }

  private void append(UnsafeArrayData array, int from, int to) {
    int added = (to - from) * width;
    if (added > page.length - length) {
      page = Arrays.copyOf(page, Math.max(length + added, page.length + page.length / 2));
    }
    long source =
        array.getBaseOffset()
            + UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements())
            + (long) from * width;
    Platform.copyMemory(
        array.getBaseObject(), source, page, Platform.BYTE_ARRAY_OFFSET + length, added);
    length += added;
  }

  private void endPage() throws IOException {
    Statistics<?> statistics = column.elementType().statistics(page, length);
    statistics.incrementNumNulls(nulls);
    BytesInput values = dictionary.encode(page, length);
    Encoding encoding = Encoding.PLAIN_DICTIONARY;
    if (values == null && settings.byteStreamSplit()) {
      values = BytesInput.from(column.elementType().split(page, length));
      encoding = Encoding.BYTE_STREAM_SPLIT;
    } else if (values == null) {
      values = BytesInput.from(page, 0, length);
      encoding = Encoding.PLAIN;
    }
    sink.write(
        BytesInput.concat(repetitionLevels.toBytes(), definitionLevels.toBytes(), values),
        rows,
        statistics,
        repetitionLevels.histogram(),
        definitionLevels.histogram(),
        encoding);
    repetitionLevels.clear();
    definitionLevels.clear();
    length = 0;
    rows = 0;
    nulls = 0;
  }

  private void requireNullable(boolean allowed, String what) {
    if (!allowed) {
      throw new IllegalArgumentException(
          "Cannot write column %s: %s in a column declared without nulls"
              .formatted(column.name(), what));
    }
  }
}
