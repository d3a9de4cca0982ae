package io.sparknorm.spark.models;

import io.sparknorm.spark.Sha256;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.hadoop.fs.Path;

/** Reads a {@link GroupFile#MOMENTS} file, of which it holds one group at a time. */
final class GroupReader implements Closeable {
  private final Path file;
  private final CheckedInputStream checked;
  private final DataInputStream in;
  private final int channels;
  private int left;
  private byte[] digest = new byte[0];
  private Optional<GroupEntry> current = Optional.empty();

  private GroupReader(Path file, InputStream content, int channels, int count) {
    this.file = file;
    this.checked = new CheckedInputStream(content, new CRC32());
    this.in = new DataInputStream(checked);
    this.channels = channels;
    this.left = count;
  }

  /**
   * Reads the first group.
   *
   * @param file its name
   * @param content buffered; closed with the reader, or now if it is refused
   * @param count how many groups it has to have
   * @throws io.sparknorm.spark.JobException if the file is damaged
   */
  static GroupReader open(Path file, InputStream content, int channels, int count)
      throws IOException {
    GroupReader reader = new GroupReader(file, content, channels, count);
    try {
      reader.checkHeader();
      reader.advance();
      return reader;
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  private void checkHeader() throws IOException {
    ByteBuffer header = ByteBuffer.wrap(in.readNBytes(GroupFile.HEADER_BYTES));
    StoreFiles.read(
        file,
        () -> {
          GroupFile.MOMENTS.checkHeader(header, channels, left);
          return null;
        });
  }

  /** The group that this stands at; empty behind the last. */
  Optional<GroupEntry> current() {
    return current;
  }

  /** The SHA-256 of its key. */
  byte[] digest() {
    return digest;
  }

  /**
   * Goes on to the next group.
   *
   * @throws io.sparknorm.spark.JobException if the file is damaged
   */
  void advance() throws IOException {
    current = StoreFiles.read(file, this::next);
  }

  private Optional<GroupEntry> next() throws IOException {
    try {
      if (left == 0) {
        checkEnd();
        return Optional.empty();
      }

      left--;
      GroupEntry group = GroupEntry.readMoments(in);
      check(group);
      return Optional.of(group);
    } catch (EOFException e) {
      throw new IllegalArgumentException("it ends too early", e);
    }
  }

  private void check(GroupEntry group) {
    byte[] next = Sha256.of(group.key());
    if (Arrays.compareUnsigned(digest, next) >= 0 || group.moments().channels() != channels) {
      throw new IllegalArgumentException("its groups are not in order or not of its channels");
    }

    digest = next;
  }

  private void checkEnd() throws IOException {
    int expected = (int) checked.getChecksum().getValue();
    if (in.readInt() != expected || in.read() >= 0) {
      throw new IllegalArgumentException("its checksum is not %08x".formatted(expected));
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
