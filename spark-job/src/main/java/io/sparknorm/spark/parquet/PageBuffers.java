package io.sparknorm.spark.parquet;

import com.github.luben.zstd.ZstdDecompressCtx;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Decompresses pages into buffers that are used again. parquet-java's own codecs make a stream and
 * an array for every page; here that is left to the codecs other than zstd.
 */
final class PageBuffers implements CompressionCodecFactory {
  /** What one page is decompressed into. */
  static final class Buffer {
    private byte[] bytes = {};

    private byte[] reserve(int size) {
      if (bytes.length < size) {
        bytes = new byte[size];
      }
      return bytes;
    }
  }

  private final CodecFactory others;
  private final Zstd zstd = new Zstd();
  private Buffer buffer = new Buffer();

  PageBuffers(Configuration conf) {
    others = new CodecFactory(conf, 0);
  }

  /** Says where the next page goes; what was there is lost. */
  void use(Buffer buffer) {
    this.buffer = buffer;
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    return others.getCompressor(codec);
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return codec == CompressionCodecName.ZSTD ? zstd : others.getDecompressor(codec);
  }

  @Override
  public void release() {
    zstd.release();
    others.release();
  }

  private final class Zstd implements BytesInputDecompressor {
    private ZstdDecompressCtx context;

    @Override
    public BytesInput decompress(BytesInput compressed, int size) throws IOException {
      if (size < 0) { // or a zstd-jni that checks no bounds would write beyond the array
        throw new IOException(
            "Cannot decompress a page: its header tells %d bytes".formatted(size));
      }
      if (context == null) {
        context = new ZstdDecompressCtx();
      }
      ByteBuffer in = compressed.toByteBuffer();
      byte[] out = buffer.reserve(size);
      int written;
      if (in.hasArray()) {
        written =
            context.decompressByteArray(
                out, 0, size, in.array(), in.arrayOffset() + in.position(), in.remaining());
      } else {
        byte[] copy = new byte[in.remaining()];
        in.get(copy);
        written = context.decompressByteArray(out, 0, size, copy, 0, copy.length);
      }
      if (written != size) {
        throw new IOException(
            "Cannot decompress a page: %d bytes instead of %d".formatted(written, size));
      }
      return BytesInput.from(out, 0, size);
    }

    @Override
    public void decompress(ByteBuffer in, int compressedSize, ByteBuffer out, int size)
        throws IOException {
      throw new UnsupportedOperationException("pages are decompressed on the heap");
    }

    @Override
    public void release() {
      if (context != null) {
        context.close();
        context = null;
      }
    }
  }
}
