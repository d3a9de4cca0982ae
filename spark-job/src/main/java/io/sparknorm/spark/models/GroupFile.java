package io.sparknorm.spark.models;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * The files of a model with groups: {@code group-moments-<run>.bin}, format version 2, and {@code
 * group-stats-<run>.bin}, format version 1. Integers and doubles are big-endian.
 *
 * <table>
 * <caption>Both files</caption>
 * <tr><th>bytes</th><th>content</th></tr>
 * <tr><td>4</td><td>the letters {@code SNGM} or {@code SNGS}</td></tr>
 * <tr><td>4</td><td>the format version</td></tr>
 * <tr><td>4</td><td>the number of channels, at least 1</td></tr>
 * <tr><td>4</td><td>the number of groups</td></tr>
 * <tr><td></td><td>the groups, in the order of the SHA-256 of their keys as unsigned bytes</td></tr>
 * <tr><td>4</td><td>CRC-32 (as in zip and PNG) of all bytes before</td></tr>
 * </table>
 *
 * <p>A group begins with the length of its key, 4 bytes, and the key. In the first file 8 bytes
 * with the number of its records follow, of which only those count whose tensors are in its state,
 * 4 with the length of the state and the state, which is that of a moments file. Thus the file of
 * several fits together has the sums of theirs, and no more. In the second file the mean of each
 * channel follows and then the variance of each channel, of the kind that the norm divides by.
 */
public enum GroupFile {
  MOMENTS("group-moments", 'M', 2),
  STATISTICS("group-stats", 'S', 1);

  /** What a file has beside its groups. */
  static final int HEADER_BYTES = 4 * Integer.BYTES;

  static final int TRAILER_BYTES = Integer.BYTES;

  private final String word;
  private final int magic;
  private final int version;

  GroupFile(String word, char letter, int version) {
    this.word = word;
    this.magic = 'S' << 24 | 'N' << 16 | 'G' << 8 | letter;
    this.version = version;
  }

  /** The file's name. */
  String name(String runId) {
    return "%s-%s.bin".formatted(word, runId);
  }

  /** What writes the groups. */
  @FunctionalInterface
  public interface Groups {
    void writeTo(DataOutputStream out) throws IOException;
  }

  /** Writes a file of groups that are bytes already. */
  public void write(int channels, int count, Groups groups, OutputStream out) throws IOException {
    CheckedOutputStream checked = new CheckedOutputStream(out, new CRC32());
    DataOutputStream data = new DataOutputStream(checked);
    data.writeInt(magic);
    data.writeInt(version);
    data.writeInt(channels);
    data.writeInt(count);
    groups.writeTo(data);
    data.flush();
    DataOutputStream plain = new DataOutputStream(out);
    plain.writeInt((int) checked.getChecksum().getValue());
    plain.flush();
  }

  /**
   * Throws unless this is an undamaged file with so many groups and channels.
   *
   * @throws IllegalArgumentException saying what was expected and found
   */
  void check(byte[] file, int channels, int count) {
    if (file.length < HEADER_BYTES + TRAILER_BYTES) {
      throw new IllegalArgumentException("the file ends within its header");
    }

    ByteBuffer in = ByteBuffer.wrap(file);
    checkHeader(in, channels, count);
    CRC32 checksum = new CRC32();
    checksum.update(file, 0, file.length - TRAILER_BYTES);
    expect("checksum %08x", (int) checksum.getValue(), in.getInt(file.length - TRAILER_BYTES));
  }

  /**
   * Throws unless a file that begins so has so many groups and channels.
   *
   * @param header {@link #HEADER_BYTES}
   * @throws IllegalArgumentException saying what was expected and found
   */
  void checkHeader(ByteBuffer header, int channels, int count) {
    expect("a file that begins with %08x", magic, header.getInt());
    expect("format version %d", version, header.getInt());
    expect("%d channels", channels, header.getInt());
    expect("%d groups", count, header.getInt());
  }

  private static void expect(String what, int expected, int found) {
    if (found != expected) {
      throw new IllegalArgumentException(
          "expected %s, found %s".formatted(what.formatted(expected), what.formatted(found)));
    }
  }
}
