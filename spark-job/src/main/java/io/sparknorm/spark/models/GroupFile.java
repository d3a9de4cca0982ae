package io.sparknorm.spark.models;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * The files of a model with groups, format version 1: {@code group-moments-<run>.bin} and {@code
 * group-stats-<run>.bin}. Integers and doubles are big-endian.
 *
 * <table>
 * <caption>Both files</caption>
 * <tr><th>bytes</th><th>content</th></tr>
 * <tr><td>4</td><td>the letters {@code SNGM} or {@code SNGS}</td></tr>
 * <tr><td>4</td><td>the format version, 1</td></tr>
 * <tr><td>4</td><td>the number of channels, at least 1</td></tr>
 * <tr><td>4</td><td>the number of groups</td></tr>
 * <tr><td></td><td>the groups, in the order of the SHA-256 of their keys as unsigned bytes</td></tr>
 * <tr><td>4</td><td>CRC-32 (as in zip and PNG) of all bytes before</td></tr>
 * </table>
 *
 * <p>A group begins with the length of its key, 4 bytes, and the key. In the first file 8 bytes
 * with the number of its records follow, 8 with the number of those that were dropped, 4 with the
 * length of its state and the state, which is that of a moments file. In the second file the mean
 * of each channel follows and then the variance of each channel, of the kind that the norm divides
 * by.
 */
public enum GroupFile {
  MOMENTS("group-moments", 'M'),
  STATISTICS("group-stats", 'S');

  /** What a file has beside its groups. */
  static final int HEADER_BYTES = 4 * Integer.BYTES;

  static final int TRAILER_BYTES = Integer.BYTES;

  private static final int VERSION = 1;

  private final String word;
  private final int magic;

  GroupFile(String word, char letter) {
    this.word = word;
    this.magic = 'S' << 24 | 'N' << 16 | 'G' << 8 | letter;
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
    data.writeInt(VERSION);
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
    expect("a file that begins with %08x", magic, in.getInt());
    expect("format version %d", VERSION, in.getInt());
    expect("%d channels", channels, in.getInt());
    expect("%d groups", count, in.getInt());
    CRC32 checksum = new CRC32();
    checksum.update(file, 0, file.length - TRAILER_BYTES);
    expect("checksum %08x", (int) checksum.getValue(), in.getInt(file.length - TRAILER_BYTES));
  }

  private static void expect(String what, int expected, int found) {
    if (found != expected) {
      throw new IllegalArgumentException(
          "expected %s, found %s".formatted(what.formatted(expected), what.formatted(found)));
    }
  }
}
