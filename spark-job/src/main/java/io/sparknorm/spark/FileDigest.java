package io.sparknorm.spark;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What a file's content is known by.
 *
 * @param length in bytes
 * @param sha256 64 lower-case hexadecimal digits
 */
public record FileDigest(long length, String sha256) {
  /** The digest of a file as it is now. */
  public static FileDigest of(FileSystem fileSystem, Path file) throws IOException {
    try (InputStream in = fileSystem.open(file)) {
      return of(in);
    }
  }

  static FileDigest of(InputStream in) throws IOException {
    Stream stream = new Stream(OutputStream.nullOutputStream());
    in.transferTo(stream);
    return stream.digest();
  }

  /** Passes bytes on and digests them on the way. */
  static final class Stream extends FilterOutputStream {
    private final MessageDigest sha256 = Sha256.digest();
    private long length;

    Stream(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
      sha256.update((byte) value);
      length++;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      out.write(bytes, offset, count);
      sha256.update(bytes, offset, count);
      length += count;
    }

    /** The digest of all that was written; nothing may be written after. */
    FileDigest digest() {
      return new FileDigest(length, HexFormat.of().formatHex(sha256.digest()));
    }
  }
}
