package io.sparknorm.spark.parquet;

import static org.apache.parquet.hadoop.codec.ZstandardCodec.PARQUET_COMPRESS_ZSTD_LEVEL;
import static org.apache.parquet.hadoop.codec.ZstandardCodec.PARQUET_COMPRESS_ZSTD_WORKERS;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.DataOutputBuffer;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.CodecFactory.BytesCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Compresses pages as the configuration says. Where that is zstd without a level, parquet-java
 * takes level 3, which searches for repetitions that most columns of floating-point numbers do not
 * have. So for columns that are written in bulk one page in {@value #PAGES_BETWEEN_TRIALS} is
 * compressed at level 1 as well, which searches less, and those after it at that level, unless it
 * makes the page larger by more than half a percent.
 */
final class PageCompressor extends BytesCompressor {
  private static final int FAST_LEVEL = 1;
  private static final int PAGES_BETWEEN_TRIALS = 32;
  private static final int LARGER_BY_AT_MOST = 200;

  /** Larger pages, of huge tensors, are not copied once more. */
  private static final int LARGEST_PAGE = 1 << 26;

  private final CodecFactory codecs;
  private final BytesCompressor standard;
  private final boolean choosesLevel;
  private final DataOutputBuffer page = new DataOutputBuffer();
  private byte[] compressed = new byte[0];
  private ZstdCompressCtx fast;
  private Column next;

  PageCompressor(CompressionCodecName codec, WriterSettings settings, Configuration conf) {
    codecs = new CodecFactory(conf, settings.properties().getPageSizeThreshold());
    standard = codecs.getCompressor(codec);
    choosesLevel = choosesLevel(codec, conf);
  }

  private static boolean choosesLevel(CompressionCodecName codec, Configuration conf) {
    return codec == CompressionCodecName.ZSTD
        && conf.get(PARQUET_COMPRESS_ZSTD_LEVEL) == null
        && conf.get(PARQUET_COMPRESS_ZSTD_WORKERS) == null;
  }

  /** What is known of the pages of a column chunk. */
  static final class Column {
    private int pages;
    private boolean isFast;
  }

  /** Says which column the next page to compress belongs to; without that, none. */
  void next(Column column) {
    next = column;
  }

  /** Returns bytes that are valid until the next call. */
  @Override
  public BytesInput compress(BytesInput bytes) throws IOException {
    Column column = next;
    next = null;
    if (column == null || !choosesLevel || bytes.size() > LARGEST_PAGE) {
      return standard.compress(bytes);
    }
    boolean tries = column.pages++ % PAGES_BETWEEN_TRIALS == 0;
    if (!tries) {
      return column.isFast ? compressFast(bytes) : standard.compress(bytes);
    }
    BytesInput small = standard.compress(bytes);
    BytesInput quick = compressFast(bytes);
    column.isFast = quick.size() - small.size() <= small.size() / LARGER_BY_AT_MOST;
    return column.isFast ? quick : small;
  }

  private BytesInput compressFast(BytesInput bytes) throws IOException {
    if (fast == null) {
      fast = new ZstdCompressCtx().setLevel(FAST_LEVEL);
    }
    page.reset();
    bytes.writeAllTo(page);
    int bound = Math.toIntExact(Zstd.compressBound(page.getLength()));
    if (compressed.length < bound) {
      compressed = new byte[bound];
    }
    int size = fast.compressByteArray(compressed, 0, bound, page.getData(), 0, page.getLength());
    return BytesInput.from(compressed, 0, size);
  }

  @Override
  public CompressionCodecName getCodecName() {
    return standard.getCodecName();
  }

  @Override
  public void release() {
    if (fast != null) {
      fast.close();
    }
    codecs.release();
  }
}
