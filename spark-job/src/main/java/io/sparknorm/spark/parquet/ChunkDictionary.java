package io.sparknorm.spark.parquet;

import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.bytes.CapacityByteArrayOutputStream;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;

/**
 * Dictionary encoding of one column chunk, given up by parquet-java's own rule: when the first page
 * does not become smaller by it, or when the dictionary outgrows its page. Pages before that stay
 * as they are.
 */
final class ChunkDictionary {
  /** What parquet-java's own writers ask for. */
  private static final int SMALLEST_SLAB = 64;

  private static final int SLABS = 10;

  private final ElementType elementType;
  private final ParquetProperties properties;
  private final int most;
  private final ValueDictionary dictionary = new ValueDictionary();
  private int[] indices = new int[0];
  private boolean open;

  ChunkDictionary(ElementType elementType, ParquetProperties properties) {
    this.elementType = elementType;
    this.properties = properties;
    this.most = properties.getDictionaryPageSizeThreshold() / elementType.width();
    this.open = properties.isEnableDictionary();
  }

  /** Bytes of the dictionary as a page. */
  long size() {
    return (long) dictionary.size() * elementType.width();
  }

  /** The page's values as numbers of the dictionary, or null if they are to be written plainly. */
  BytesInput encode(byte[] page, int length) throws IOException {
    if (!open) {
      return null;
    }
    int known = dictionary.size();
    int count = length / elementType.width();
    if (indices.length < count) {
      indices = new int[count];
    }
    dictionary.admit(known > 0 ? most : Math.min(most, mostWorthwhile(length)));
    BytesInput encoded = null;
    if (elementType.index(page, length, dictionary, indices)) {
      encoded = pack(count);
    }
    boolean worthwhile = encoded != null && (known > 0 || encoded.size() + size() < length);
    if (!worthwhile) {
      open = false;
      indices = new int[0];
      dictionary.truncate(known);
      return null;
    }
    return encoded;
  }

  /**
   * With more values than these a first page does not become smaller: each takes its own bytes, and
   * the bits of its number at least once.
   */
  private int mostWorthwhile(int length) {
    int some = Math.max(1, length / (elementType.width() + Integer.BYTES));
    int bits = Byte.SIZE * elementType.width() + BytesUtils.getWidthFromMaxInt(some - 1);
    return (int) ((long) Byte.SIZE * length / bits) + 1;
  }

  /** The dictionary that the chunk's pages refer to, or null if none does. */
  DictionaryPage toPage() {
    if (dictionary.size() == 0) {
      return null;
    }
    return new DictionaryPage(
        BytesInput.from(elementType.values(dictionary)),
        dictionary.size(),
        Encoding.PLAIN_DICTIONARY);
  }

  private BytesInput pack(int count) throws IOException {
    int bitWidth = BytesUtils.getWidthFromMaxInt(dictionary.size() - 1);
    int pageSize = properties.getPageSizeThreshold();
    int initialSlabSize =
        CapacityByteArrayOutputStream.initialSlabSizeHeuristic(SMALLEST_SLAB, pageSize, SLABS);
    RunLengthBitPackingHybridEncoder encoder =
        new RunLengthBitPackingHybridEncoder(
            bitWidth, initialSlabSize, pageSize, properties.getAllocator());
    for (int i = 0; i < count; i++) {
      encoder.writeInt(indices[i]);
    }
    return BytesInput.concat(BytesInput.from(new byte[] {(byte) bitWidth}), encoder.toBytes());
  }
}
