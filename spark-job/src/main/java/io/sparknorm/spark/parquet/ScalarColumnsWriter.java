package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.util.List;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/**
 * Writes the columns of single floats and doubles in one row group. Rows are turned into columns
 * {@value #BLOCK} at a time: a block of hundreds of columns stays in the cache, and each column
 * then takes its values at once.
 */
final class ScalarColumnsWriter {
  /** As many rows as a long has bits, so that a column's nulls in a block are one number. */
  private static final int BLOCK = Long.SIZE;

  private final ScalarColumn[] columns;
  private final PageBuilder[] pages;

  /** The bits of row r's value of column c stand at {@code c * BLOCK + r}. */
  private final long[] values;

  /** Bit r of a column's number says that row r's value is null. */
  private final long[] nulls;

  private int rows;

  ScalarColumnsWriter(
      List<ScalarColumn> columns,
      ColumnChunkPageWriteStore store,
      PageCompressor compressor,
      WriterSettings settings) {
    this.columns = columns.toArray(ScalarColumn[]::new);
    this.values = new long[columns.size() * BLOCK];
    this.nulls = new long[columns.size()];
    this.pages = new PageBuilder[columns.size()];
    for (int c = 0; c < pages.length; c++) {
      ScalarColumn column = this.columns[c];
      PageSink sink =
          new PageSink(
              store.getPageWriter(column.leaf()), column.leaf().getPrimitiveType(), compressor);
      pages[c] = new PageBuilder(column.leaf(), column.elementType(), sink, settings);
    }
  }

  /**
   * Adds the columns' values of a row.
   *
   * @throws IllegalArgumentException if one is null against the schema
   */
  void write(UnsafeRow row) throws IOException {
    for (int c = 0; c < columns.length; c++) {
      int ordinal = columns[c].ordinal();
      if (row.isNullAt(ordinal)) {
        requireNullable(columns[c]);
        nulls[c] |= 1L << rows;
      } else {
        values[c * BLOCK + rows] = columns[c].elementType().bits(row, ordinal);
      }
    }
    rows++;
    if (rows == BLOCK) {
      endBlock();
    }
  }

  long bufferedSize() {
    long size = 0;
    for (PageBuilder page : pages) {
      size += page.bufferedSize();
    }
    return size;
  }

  void finish() throws IOException {
    endBlock();
    for (PageBuilder page : pages) {
      page.finish();
    }
  }

  private void endBlock() throws IOException {
    for (int c = 0; c < columns.length; c++) {
      int from = 0;
      while (from < rows) {
        int to = Math.min(rows, from + pages[c].room());
        write(c, from, to);
        pages[c].endRecords(to - from);
        from = to;
      }
      nulls[c] = 0;
    }
    rows = 0;
  }

  /** Writes some of the block's rows of a column, in runs of values and of nulls. */
  private void write(int c, int from, int to) {
    int level = columns[c].valueLevel();
    int at = from;
    while (at < to) {
      int values = Math.min(to - at, Long.numberOfTrailingZeros(nulls[c] >>> at));
      pages[c].addDefinitionLevels(level, values);
      pages[c].addValues(this.values, c * BLOCK + at, c * BLOCK + at + values);
      at += values;
      if (at < to) {
        int absent = Math.min(to - at, Long.numberOfTrailingZeros(~(nulls[c] >>> at)));
        pages[c].addNulls(level - 1, absent);
        at += absent;
      }
    }
  }

  private static void requireNullable(ScalarColumn column) {
    if (!column.nullable()) {
      throw new IllegalArgumentException(
          "Cannot write column %s: null in a column declared without nulls"
              .formatted(column.name()));
    }
  }
}
