package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ParquetDecodingException;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.junit.jupiter.api.Test;

/** Pages that parquet-java's level encoder makes of rows, cut wherever a page may end. */
class TestTensorColumnReader {
  private static final MessageType MESSAGE =
      Types.buildMessage()
          .addField(
              Types.optionalGroup()
                  .as(LogicalTypeAnnotation.listType())
                  .addField(
                      Types.repeatedGroup()
                          .addField(Types.optional(PrimitiveTypeName.DOUBLE).named("element"))
                          .named("list"))
                  .named("x"))
          .named("spark_schema");

  private static final ArrayType TYPE = DataTypes.createArrayType(DataTypes.DoubleType);
  private static final TensorColumn COLUMN =
      TensorColumn.find(0, new StructField("x", TYPE, true, null), MESSAGE);

  private static final int MANY = 1 << 30;
  private static final int ROW = 1 << 10;

  /** A null stands for a null array, or a null element. */
  @Provide
  Arbitrary<List<List<Double>>> rows() {
    Arbitrary<Double> element = Arbitraries.of(0.0, -0.0, 1.5, Double.MAX_VALUE).injectNull(0.1);
    Arbitrary<Double> present = Arbitraries.of(2.5, Double.MIN_VALUE);
    Arbitrary<List<Double>> row =
        Arbitraries.oneOf(element.list().ofMaxSize(40), present.list().ofSize(33));
    return row.injectNull(0.1).list().ofMinSize(1).ofMaxSize(60);
  }

  @Property(tries = 300)
  void rowsComeBackHoweverPagesAndBatchesAreCut(
      @ForAll("rows") List<List<Double>> rows,
      @ForAll @Size(min = 1, max = 20) List<@IntRange(max = 300) Integer> pageSizes,
      @ForAll @IntRange(min = 1, max = 70) int batch,
      @ForAll boolean hasDictionary,
      @ForAll boolean isSecondVersion)
      throws IOException {
    Pages pages = new Pages(rows, pageSizes, hasDictionary, isSecondVersion);

    assertThat(read(pages, rows.size(), batch)).isEqualTo(rows);
  }

  @Test
  void pagesThatEndTooEarlyAreRefused() throws IOException {
    Pages pages = new Pages(List.of(List.of(1.0)), List.of(300), false, false);

    assertThatThrownBy(() -> read(pages, 2, 2))
        .isInstanceOf(ParquetDecodingException.class)
        .hasMessage("Cannot read column x: its pages end before their row group");
  }

  @Test
  void rowsBeyondTheirRowGroupAreRefused() throws IOException {
    TensorColumnReader reader = reader();
    reader.startRowGroup(pages(List.of(1.0), List.of(2.5)));
    reader.read(1);

    assertThatThrownBy(() -> reader.startRowGroup(pages(List.of(1.0))))
        .isInstanceOf(ParquetDecodingException.class)
        .hasMessage("Cannot read column x: its pages have more rows than their row group");
  }

  @Test
  void aDictionaryIsNotThatOfTheNextRowGroup() throws IOException {
    TensorColumnReader reader = reader();
    reader.startRowGroup(new Pages(List.of(List.of(1.0)), List.of(9), true, false));
    reader.read(1);
    Pages without = pages();
    without.pages.add(page(levels(0), levels(3), Encoding.RLE, Encoding.RLE_DICTIONARY));
    reader.startRowGroup(without);

    assertThatThrownBy(() -> reader.read(1))
        .isInstanceOf(ParquetDecodingException.class)
        .hasMessage(
            "Cannot read column x: values in the encoding RLE_DICTIONARY that its chunk does not"
                + " tell");
  }

  @Test
  void damagedPagesAreRefused() throws IOException {
    assertRefused(
        page(levels(0), levels(3), Encoding.RLE, Encoding.BYTE_STREAM_SPLIT),
        "values in the encoding BYTE_STREAM_SPLIT that its chunk does not tell");
    assertRefused(
        page(levels(0), levels(3), Encoding.BIT_PACKED, Encoding.PLAIN),
        "levels in the encoding BIT_PACKED");
    assertRefused(
        page(levels(0, 1, 0), levels(0, 0, 0), Encoding.RLE, Encoding.PLAIN),
        "an array without elements that goes on");
  }

  private static void assertRefused(DataPage page, String why) throws IOException {
    Pages pages = pages();
    pages.pages.add(page);

    assertThatThrownBy(() -> read(pages, 1, 1))
        .isInstanceOf(ParquetDecodingException.class)
        .hasMessage("Cannot read column x: " + why);
  }

  @Test
  void numbersBeyondTheDictionaryAreRefused() throws IOException {
    for (byte[] numbers : List.of(new byte[] {3, 2, 7}, new byte[] {32, 2, 0, 0, 0, 32})) {
      Pages pages = new Pages(List.of(), List.of(9), true, false);
      pages.pages.add(page(levels(0), levels(3), Encoding.RLE, Encoding.RLE_DICTIONARY, numbers));

      assertThatThrownBy(() -> read(pages, 1, 1))
          .isInstanceOf(ParquetDecodingException.class)
          .hasMessageMatching("Cannot read column x: value \\d+ of a dictionary of 7");
    }
  }

  @Test
  void numbersOfNoBitsAreZeros() throws IOException {
    Pages pages = new Pages(List.of(), List.of(9), true, false);
    pages.pages.add(
        page(levels(0, 1), levels(3, 3), Encoding.RLE, Encoding.RLE_DICTIONARY, (byte) 0));

    assertThat(read(pages, 1, 1)).isEqualTo(List.of(List.of(0.0, 0.0)));
  }

  /** The tests' heap is smaller than an array with a number for each entry. */
  @Test
  void aPageMayHaveABillionEntriesThatTakeUpNoBytes() throws IOException {
    LevelEncoder rows = new LevelEncoder(1);
    for (int entries = 0; entries < MANY; entries += ROW) {
      rows.add(0, 1);
      rows.add(1, ROW - 1);
    }

    assertThat(read(many(rows, run(2), Encoding.PLAIN), 3, 2))
        .isEqualTo(Collections.nCopies(3, Collections.nCopies(ROW, null)));
    assertThat(read(many(run(0), run(0), Encoding.PLAIN), 3, 2))
        .isEqualTo(Collections.nCopies(3, null));
    byte[] numbers = {
      2, -128, -128, -128, -128, 8, 1
    }; // of two bits, a run as long as the page, of ones
    assertThat(read(many(rows, run(3), Encoding.RLE_DICTIONARY, numbers), 3, 2))
        .isEqualTo(Collections.nCopies(3, Collections.nCopies(ROW, -0.0)));
  }

  private static LevelEncoder run(int level) {
    LevelEncoder levels = new LevelEncoder(3);
    levels.add(level, MANY);
    return levels;
  }

  private static Pages many(
      LevelEncoder repetition, LevelEncoder definition, Encoding encoding, byte... values)
      throws IOException {
    BytesInput page =
        BytesInput.copy(
            BytesInput.concat(repetition.toBytes(), definition.toBytes(), BytesInput.from(values)));
    Pages pages = new Pages(List.of(), List.of(9), true, false);
    pages.pages.add(
        new DataPageV1(page, MANY, (int) page.size(), null, Encoding.RLE, Encoding.RLE, encoding));
    return pages;
  }

  @Test
  void aPageOfNegativeSizeIsRefused() {
    var zstd = new PageBuffers(new Configuration(false)).getDecompressor(CompressionCodecName.ZSTD);

    assertThatThrownBy(() -> zstd.decompress(BytesInput.from(new byte[9]), -5))
        .isInstanceOf(IOException.class)
        .hasMessage("Cannot decompress a page: its header tells -5 bytes");
  }

  @SafeVarargs
  private static Pages pages(List<Double>... rows) throws IOException {
    return new Pages(List.of(rows), List.of(300), false, false);
  }

  private static int[] levels(int... levels) {
    return levels;
  }

  private static DataPage page(
      int[] repetition, int[] definition, Encoding levels, Encoding encoding, byte... values)
      throws IOException {
    return Pages.firstVersion(
        repetition.length,
        Pages.encode(repetition, 1),
        Pages.encode(definition, 2),
        levels,
        encoding,
        BytesInput.from(values));
  }

  private static List<List<Double>> read(Pages pages, int rows, int batch) throws IOException {
    TensorColumnReader reader = reader();
    reader.startRowGroup(pages);
    List<List<Double>> all = new ArrayList<>();
    while (all.size() < rows) {
      int count = Math.min(batch, rows - all.size());
      reader.read(count);
      IntStream.range(0, count).forEach(row -> all.add(row(reader.vector(), row)));
    }
    return all;
  }

  private static TensorColumnReader reader() {
    return new TensorColumnReader(COLUMN, TYPE, new PageBuffers(new Configuration(false)));
  }

  private static List<Double> row(TensorVector vector, int row) {
    if (vector.isNullAt(row)) {
      return null;
    }
    ColumnarArray array = vector.getArray(row);
    double[] bulk = array.toDoubleArray();
    List<Double> elements = new ArrayList<>();
    for (int i = 0; i < array.numElements(); i++) {
      elements.add(array.isNullAt(i) ? null : Double.valueOf(bulk[i]));
    }
    return elements;
  }

  /** The pages of one column chunk. */
  private static final class Pages implements PageReadStore, PageReader {
    private static final double[] DICTIONARY = {
      0.0, -0.0, 1.5, Double.MAX_VALUE, 2.5, Double.MIN_VALUE, 1.0
    };

    private final Deque<DataPage> pages = new ArrayDeque<>();
    private final boolean hasDictionary;
    private final boolean isSecondVersion;
    private final long rowCount;

    Pages(
        List<List<Double>> rows,
        List<Integer> sizes,
        boolean hasDictionary,
        boolean isSecondVersion)
        throws IOException {
      this.hasDictionary = hasDictionary;
      this.isSecondVersion = isSecondVersion;
      this.rowCount = rows.size();
      List<int[]> entries = new ArrayList<>();
      List<Double> values = new ArrayList<>();
      rows.forEach(row -> add(row, entries, values));
      int from = 0;
      for (int i = 0; from < entries.size(); i++) {
        int size = sizes.get(i % sizes.size());
        boolean isLast = i >= sizes.size();
        int to = isLast ? entries.size() : Math.min(entries.size(), from + size);
        pages.add(page(entries.subList(from, to), values.subList(from, to)));
        from = to;
      }
    }

    private static void add(List<Double> row, List<int[]> entries, List<Double> values) {
      if (row == null || row.isEmpty()) {
        entries.add(new int[] {0, row == null ? 0 : 1});
        values.add(null);
        return;
      }
      for (int i = 0; i < row.size(); i++) {
        entries.add(new int[] {i == 0 ? 0 : 1, row.get(i) == null ? 2 : 3});
        values.add(row.get(i));
      }
    }

    private DataPage page(List<int[]> entries, List<Double> values) throws IOException {
      BytesInput repetition = levels(entries, 0, 1);
      BytesInput definition = levels(entries, 1, 2);
      BytesInput data = hasDictionary ? numbers(values) : plain(values);
      Encoding encoding = hasDictionary ? Encoding.RLE_DICTIONARY : Encoding.PLAIN;
      int rows = (int) entries.stream().filter(entry -> entry[0] == 0).count();
      Statistics<?> none = Statistics.createStats(COLUMN.leaf().getPrimitiveType());
      if (isSecondVersion) {
        return DataPageV2.uncompressed(
            rows, 0, entries.size(), repetition, definition, encoding, data, none);
      }
      return firstVersion(entries.size(), repetition, definition, Encoding.RLE, encoding, data);
    }

    static DataPage firstVersion(
        int entries,
        BytesInput repetition,
        BytesInput definition,
        Encoding levels,
        Encoding encoding,
        BytesInput data)
        throws IOException {
      BytesInput bytes =
          BytesInput.concat(
              BytesInput.fromInt((int) repetition.size()),
              repetition,
              BytesInput.fromInt((int) definition.size()),
              definition,
              data);
      Statistics<?> none = Statistics.createStats(COLUMN.leaf().getPrimitiveType());
      return new DataPageV1(
          BytesInput.copy(bytes), entries, (int) bytes.size(), none, levels, levels, encoding);
    }

    private static BytesInput levels(List<int[]> entries, int which, int bitWidth)
        throws IOException {
      return encode(entries.stream().mapToInt(entry -> entry[which]).toArray(), bitWidth);
    }

    static BytesInput encode(int[] levels, int bitWidth) throws IOException {
      RunLengthBitPackingHybridEncoder encoder = encoder(bitWidth);
      for (int level : levels) {
        encoder.writeInt(level);
      }
      return BytesInput.copy(encoder.toBytes());
    }

    private static RunLengthBitPackingHybridEncoder encoder(int bitWidth) {
      return new RunLengthBitPackingHybridEncoder(
          bitWidth, 64, 1 << 20, new HeapByteBufferAllocator());
    }

    private static BytesInput plain(List<Double> values) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (Double value : values) {
        if (value != null) {
          bytes.write(bytes(value));
        }
      }
      return BytesInput.from(bytes.toByteArray());
    }

    private static byte[] bytes(double... values) {
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asDoubleBuffer().put(values);
      return bytes.array();
    }

    private static BytesInput numbers(List<Double> values) throws IOException {
      int bitWidth = BytesUtils.getWidthFromMaxInt(DICTIONARY.length - 1);
      RunLengthBitPackingHybridEncoder encoder = encoder(bitWidth);
      for (Double value : values) {
        if (value != null) {
          encoder.writeInt(number(value));
        }
      }
      return BytesInput.copy(
          BytesInput.concat(BytesInput.from(new byte[] {(byte) bitWidth}), encoder.toBytes()));
    }

    private static int number(double value) {
      return IntStream.range(0, DICTIONARY.length)
          .filter(i -> Double.compare(DICTIONARY[i], value) == 0)
          .findFirst()
          .orElseThrow();
    }

    @Override
    public PageReader getPageReader(ColumnDescriptor descriptor) {
      return this;
    }

    @Override
    public long getRowCount() {
      return rowCount;
    }

    @Override
    public Optional<Long> getRowIndexOffset() {
      return Optional.empty();
    }

    @Override
    public DictionaryPage readDictionaryPage() {
      return hasDictionary
          ? new DictionaryPage(
              BytesInput.from(bytes(DICTIONARY)), DICTIONARY.length, Encoding.PLAIN)
          : null;
    }

    @Override
    public long getTotalValueCount() {
      return pages.stream().mapToLong(DataPage::getValueCount).sum();
    }

    @Override
    public DataPage readPage() {
      return pages.poll();
    }
  }
}
