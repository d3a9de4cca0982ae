package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.spark.unsafe.Platform;

/**
 * Fills the pages of one column chunk that is written in bulk. The column's writer adds levels and
 * values of whole records and says when they are complete; a page ends where a record ends.
 */
final class PageBuilder {
  /**
   * A page of a narrow column may stay far smaller than its limit: the limit of records ends it.
   */
  private static final int FIRST_CAPACITY = 1 << 12;

  /** A page's number of values is an int, and a record may have a billion. */
  private static final int MOST_VALUES = 1 << 29;

  private final ElementType elementType;
  private final PageSink sink;
  private final WriterSettings settings;
  private final ChunkDictionary dictionary;
  private final LevelEncoder repetitionLevels;
  private final LevelEncoder definitionLevels;
  private byte[] page = new byte[FIRST_CAPACITY];
  private int length;
  private int rows;
  private long nulls;

  PageBuilder(
      ColumnDescriptor leaf, ElementType elementType, PageSink sink, WriterSettings settings) {
    this.elementType = elementType;
    this.sink = sink;
    this.settings = settings;
    this.dictionary = new ChunkDictionary(elementType, settings.properties());
    this.repetitionLevels = new LevelEncoder(leaf.getMaxRepetitionLevel());
    this.definitionLevels = new LevelEncoder(leaf.getMaxDefinitionLevel());
  }

  void addRepetitionLevels(int level, int count) {
    repetitionLevels.add(level, count);
  }

  /** Adds the definition levels of values that are there. */
  void addDefinitionLevels(int level, int count) {
    definitionLevels.add(level, count);
  }

  /** Adds the definition levels of values that are not there. */
  void addNulls(int level, int count) {
    definitionLevels.add(level, count);
    nulls += count;
  }

  /** Adds values that lie in memory as in a page. */
  void addValues(Object base, long offset, int count) {
    int added = count * elementType.width();
    reserve(added);
    Platform.copyMemory(base, offset, page, Platform.BYTE_ARRAY_OFFSET + length, added);
    length += added;
  }

  /** Adds the values whose bits are at {@code from <= i < to}. */
  void addValues(long[] bits, int from, int to) {
    reserve((to - from) * elementType.width());
    elementType.put(bits, from, to, page, length);
    length += (to - from) * elementType.width();
  }

  private void reserve(int added) {
    if (added > page.length - length) {
      page = Arrays.copyOf(page, Math.max(Math.addExact(length, added), 2 * page.length));
    }
  }

  /** How many more records the page may take. */
  int room() {
    return settings.pageRows() - rows;
  }

  /** Says that so many records are complete; not more than there is {@link #room} for. */
  void endRecords(int count) throws IOException {
    rows += count;
    // Any number of nulls takes up a few bytes, but in readers more: each counts as one at least.
    if (Math.max(pageSize(), definitionLevels.count()) >= settings.pageSize()
        || definitionLevels.count() >= MOST_VALUES
        || rows >= settings.pageRows()) {
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

  private void endPage() throws IOException {
    Statistics<?> statistics = elementType.statistics(page, length);
    statistics.incrementNumNulls(nulls);
    BytesInput values = dictionary.encode(page, length);
    Encoding encoding = Encoding.PLAIN_DICTIONARY;
    if (values == null && settings.byteStreamSplit()) {
      values = BytesInput.from(elementType.split(page, length));
      encoding = Encoding.BYTE_STREAM_SPLIT;
    } else if (values == null) {
      values = BytesInput.from(page, 0, length);
      encoding = Encoding.PLAIN;
    }
    sink.write(rows, statistics, repetitionLevels, definitionLevels, values, encoding);
    repetitionLevels.clear();
    definitionLevels.clear();
    length = 0;
    rows = 0;
    nulls = 0;
  }
}
