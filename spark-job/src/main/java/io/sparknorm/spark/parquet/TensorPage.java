package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;

/**
 * One page of a tensor column, from whose front rows are taken. Its entries, as Parquet calls them
 * values, are elements, nulls, and one for each array without elements. In runs any number of them
 * takes up a few bytes, so that they are decoded as rows are taken, and none is kept.
 */
final class TensorPage {
  private static final int BLOCK = 1 << 10;

  private final TensorColumn column;

  private int entries;
  private int entry;
  private LevelDecoder repetition;

  /** At which entries the next rows start; there may be more behind. */
  private final int[] starts = new int[BLOCK];

  private int found;
  private int next;
  private LevelDecoder definition;

  /** The elements, or their numbers in the dictionary. */
  private ByteBuffer values;

  private boolean hasNumbers;

  /** Null where numbers have no bits: for zeros there may be no run. */
  private RunLengthBitPackingHybridDecoder decoder;

  private final int[] numbers = new int[BLOCK];
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
    found = 0;
    next = 0;
    this.repetition = new LevelDecoder(repetition, 1);
    this.definition =
        new LevelDecoder(definition, BytesUtils.getWidthFromMaxInt(column.elementLevel()));
  }

  private void loadValues(ByteBuffer data, Encoding encoding) {
    values = data;
    hasNumbers = encoding.usesDictionary();
    if (hasNumbers ? dictionary == null : encoding != Encoding.PLAIN) {
      throw column.damaged(
          "values in the encoding %s that its chunk does not tell".formatted(encoding));
    }
    if (hasNumbers) {
      int bitWidth = data.hasRemaining() ? data.get() : 1; // without elements it need not be there
      decoder =
          bitWidth == 0
              ? null
              : new RunLengthBitPackingHybridDecoder(bitWidth, ByteBufferInputStream.wrap(data));
    }
  }

  boolean isExhausted() {
    return entry == entries;
  }

  /** Adds what belongs to the vector's last row, which began on a page before. */
  void continueRow(TensorVector vector) throws IOException {
    add(takeRow(), vector.elements());
  }

  /** Adds at most so many rows. The last one may go on in the next page. */
  void readRows(int most, TensorVector vector) throws IOException {
    int end = vector.rows() + most;
    while (vector.rows() < end && entry < entries) {
      if (definition.next() > column.emptyLevel()) {
        readPresent(end, vector);
      } else {
        readAbsent(vector);
      }
    }
  }

  /** Rows within one run of levels have their elements, or nulls, added at once. */
  private void readPresent(int end, TensorVector vector) throws IOException {
    int first = vector.elements().length();
    int alike = definition.alike();
    int taken = 0;
    do {
      vector.startRow(first + taken);
      taken += takeRow();
    } while (vector.rows() < end && taken < alike && entry < entries);
    add(taken, vector.elements());
  }

  private void readAbsent(TensorVector vector) {
    int level = definition.next();
    definition.take(level, 1);
    if (takeRow() > 1) {
      throw column.damaged("an array without elements that goes on");
    }
    if (level == column.emptyLevel()) {
      vector.startRow(vector.elements().length());
    } else {
      vector.startNull();
    }
  }

  /** Takes what is left of a row, and says how many entries that are. */
  private int takeRow() {
    if (next == found) {
      found = repetition.zeros(entries, starts);
      next = 0;
    }
    int from = entry;
    entry = next < found ? starts[next++] : entries;
    return entry - from;
  }

  /** Adds so many elements and nulls, in runs. */
  private void add(int count, ElementVector elements) throws IOException {
    int run;
    for (int added = 0; added < count; added += run) {
      int level = definition.next();
      run = definition.take(level, count - added);
      if (level == column.elementLevel()) {
        addElements(run, elements);
      } else {
        elements.addNulls(run);
      }
    }
  }

  private void addElements(int count, ElementVector elements) throws IOException {
    if (!hasNumbers) {
      elements.add(values, count);
      return;
    }
    int some;
    for (int added = 0; added < count; added += some) {
      some = Math.min(count - added, BLOCK);
      readNumbers(some);
      elements.add(dictionary, numbers, some);
    }
  }

  private void readNumbers(int count) throws IOException {
    int greatest = 0;
    for (int i = 0; i < count; i++) {
      numbers[i] = decoder == null ? 0 : decoder.readInt();
      greatest = Math.max(greatest, numbers[i] < 0 ? Integer.MAX_VALUE : numbers[i]);
    }
    int size = dictionary.capacity() / column.elementType().width();
    if (greatest >= size) {
      throw column.damaged("value %d of a dictionary of %d".formatted(greatest, size));
    }
  }
}
