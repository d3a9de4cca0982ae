package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;

/**
 * One page of a tensor column, from whose front rows are taken. Its entries, as Parquet calls them
 * values, are elements, nulls, and one for each array without elements. Where all of them are
 * elements, rows are taken without a look at each.
 */
final class TensorPage {
  private final TensorColumn column;
  private int entries;
  private int entry;

  /** At which entries rows start; those before the first belong to the page before. */
  private int[] starts = {};

  private int rows;
  private int row;

  /** Definition levels, unless the page is complete: all entries are elements. */
  private byte[] levels = {};

  private boolean isComplete;

  /** The elements, or their numbers in the dictionary. */
  private ByteBuffer values;

  private boolean hasNumbers;
  private int[] numbers = {};
  private int number;
  private ByteBuffer dictionary;

  TensorPage(TensorColumn column) {
    this.column = column;
  }

  /** Takes the dictionary of the pages to come. */
  void setDictionary(ByteBuffer values) {
    dictionary = values.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes another page, whose bytes stay as they are until all its rows are read. */
  void load(DataPage page) throws IOException {
    if (page instanceof DataPageV1 first) {
      requireRuns(first.getRlEncoding());
      requireRuns(first.getDlEncoding());
      ByteBuffer bytes = first.getBytes().toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      loadLevels(first.getValueCount(), levels(bytes), levels(bytes));
      loadValues(bytes, first.getValueEncoding());
    } else {
      DataPageV2 second = (DataPageV2) page;
      loadLevels(
          second.getValueCount(),
          second.getRepetitionLevels().toByteBuffer(),
          second.getDefinitionLevels().toByteBuffer());
      loadValues(
          second.getData().toByteBuffer().order(ByteOrder.LITTLE_ENDIAN), second.getDataEncoding());
    }
  }

  private void requireRuns(Encoding levels) {
    if (levels != Encoding.RLE) {
      throw column.damaged("levels in the encoding " + levels);
    }
  }

  /** Levels stand behind their length. */
  private static ByteBuffer levels(ByteBuffer page) {
    int length = page.getInt();
    ByteBuffer levels = page.slice(page.position(), length);
    page.position(page.position() + length);
    return levels;
  }

  private void loadLevels(int count, ByteBuffer repetition, ByteBuffer definition) {
    if (count < 0) {
      throw column.damaged("a page of %d values".formatted(count));
    }
    entries = count;
    entry = 0;
    row = 0;
    if (starts.length < count) {
      starts = new int[count];
    }
    rows = new LevelDecoder(repetition, 1).zeros(count, starts);
    LevelDecoder decoder =
        new LevelDecoder(definition, BytesUtils.getWidthFromMaxInt(column.elementLevel()));
    isComplete = count == 0 || decoder.isRunOf(column.elementLevel(), count);
    if (!isComplete) {
      if (levels.length < count) {
        levels = new byte[count];
      }
      decoder.read(count, levels);
    }
  }

  private void loadValues(ByteBuffer data, Encoding encoding) throws IOException {
    values = data;
    number = 0;
    hasNumbers = encoding.usesDictionary();
    if (hasNumbers ? dictionary == null : encoding != Encoding.PLAIN) {
      throw column.damaged(
          "values in the encoding %s that its chunk does not tell".formatted(encoding));
    }
    if (hasNumbers) {
      readNumbers(isComplete ? entries : elementsIn(levels));
    }
  }

  private int elementsIn(byte[] levels) {
    int elements = 0;
    for (int i = 0; i < entries; i++) {
      elements += levels[i] == column.elementLevel() ? 1 : 0;
    }
    return elements;
  }

  private void readNumbers(int count) throws IOException {
    if (count == 0) {
      return; // not even their width need be there
    }
    if (numbers.length < count) {
      numbers = new int[count];
    }
    int bitWidth = values.get();
    if (bitWidth == 0) {
      Arrays.fill(numbers, 0, count, 0); // for which there may be no run
      requireNumber(0);
      return;
    }
    RunLengthBitPackingHybridDecoder decoder =
        new RunLengthBitPackingHybridDecoder(bitWidth, ByteBufferInputStream.wrap(values));
    int greatest = 0;
    for (int i = 0; i < count; i++) {
      numbers[i] = decoder.readInt();
      greatest = Math.max(greatest, numbers[i] < 0 ? Integer.MAX_VALUE : numbers[i]);
    }
    requireNumber(greatest);
  }

  private void requireNumber(int greatest) {
    int size = dictionary.capacity() / column.elementType().width();
    if (greatest >= size) {
      throw column.damaged("value %d of a dictionary of %d".formatted(greatest, size));
    }
  }

  boolean isExhausted() {
    return entry == entries;
  }

  /** Adds what belongs to the vector's last row, which began on a page before. */
  void continueRow(TensorVector vector) {
    add(endOfRow(row - 1), vector);
  }

  /** Adds at most so many rows. The last one may go on in the next page. */
  void readRows(int most, TensorVector vector) {
    int end = Math.min(rows, row + most);
    if (isComplete) {
      int shift = vector.elements().length() - entry;
      for (; row < end; row++) {
        vector.startRow(starts[row] + shift);
      }
      add(endOfRow(row - 1), vector);
    } else {
      for (; row < end; row++) {
        readRow(vector);
      }
    }
  }

  private int endOfRow(int row) {
    return row + 1 < rows ? starts[row + 1] : entries;
  }

  private void readRow(TensorVector vector) {
    int level = levels[entry];
    if (level > column.emptyLevel()) {
      vector.startRow(vector.elements().length());
      add(endOfRow(row), vector);
      return;
    }
    entry++;
    if (entry != endOfRow(row)) {
      throw column.damaged("an array without elements that goes on");
    }
    if (level == column.emptyLevel()) {
      vector.startRow(vector.elements().length());
    } else {
      vector.startNull();
    }
  }

  /** Adds elements and nulls up to an entry, in runs. */
  private void add(int end, TensorVector vector) {
    while (entry < end) {
      boolean isElement = isElement(entry);
      int from = entry;
      entry = isComplete ? end : endOfRun(isElement, end);
      if (isElement) {
        addElements(entry - from, vector.elements());
      } else {
        vector.elements().addNulls(entry - from);
      }
    }
  }

  private int endOfRun(boolean isElement, int end) {
    int at = entry + 1;
    while (at < end && isElement(at) == isElement) {
      at++;
    }
    return at;
  }

  private boolean isElement(int at) {
    return isComplete || levels[at] == column.elementLevel();
  }

  private void addElements(int count, ElementVector elements) {
    if (hasNumbers) {
      elements.add(dictionary, numbers, number, number + count);
      number += count;
    } else {
      elements.add(values, count);
    }
  }
}
