package io.sparknorm.spark.parquet;

import java.io.IOException;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.Platform;

/** Writes one tensor column in one row group: an array's levels in runs, its values at once. */
final class TensorColumnWriter {
  private static final int LENGTH_BYTES = Long.BYTES;

  private final TensorColumn column;
  private final PageBuilder pages;

  TensorColumnWriter(TensorColumn column, PageSink sink, WriterSettings settings) {
    this.column = column;
    this.pages = new PageBuilder(column.leaf(), column.elementType(), sink, settings);
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
    pages.endRecords(1);
  }

  long bufferedSize() {
    return pages.bufferedSize();
  }

  void finish() throws IOException {
    pages.finish();
  }

  private void writeAbsent(int definitionLevel) {
    pages.addRepetitionLevels(0, 1);
    pages.addNulls(definitionLevel, 1);
  }

  private void write(UnsafeArrayData array) {
    int count = array.numElements();
    if (count == 0) {
      writeAbsent(column.emptyLevel());
      return;
    }
    pages.addRepetitionLevels(0, 1);
    pages.addRepetitionLevels(1, count - 1);
    if (hasNull(array)) {
      requireNullable(column.containsNull(), "null element");
      writePresentAndNull(array);
    } else {
      writePresent(array, 0, count);
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
        pages.addNulls(column.nullElementLevel(), to - from);
      } else {
        writePresent(array, from, to);
      }
      from = to;
    }
  }

  private void writePresent(UnsafeArrayData array, int from, int to) {
    pages.addDefinitionLevels(column.elementLevel(), to - from);
    long values = UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
    long skipped = (long) from * column.elementType().width();
    pages.addValues(array.getBaseObject(), array.getBaseOffset() + values + skipped, to - from);
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

  private void requireNullable(boolean allowed, String what) {
    if (!allowed) {
      throw new IllegalArgumentException(
          "Cannot write column %s: %s in a column declared without nulls"
              .formatted(column.name(), what));
    }
  }
}
