package io.sparknorm.kernels.moments;

import java.io.BufferedOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * The saved state of moments, format version 1. Integers are big-endian.
 *
 * <table>
 * <caption>The whole state</caption>
 * <tr><th>bytes</th><th>content</th></tr>
 * <tr><td>4</td><td>the letters {@code SNMM}</td></tr>
 * <tr><td>4</td><td>the format version, 1</td></tr>
 * <tr><td>4</td><td>the number of channels, at least 1</td></tr>
 * <tr><td></td><td>the channels, one after the other</td></tr>
 * <tr><td>4</td><td>CRC-32 (as in zip and PNG) of all bytes before</td></tr>
 * </table>
 *
 * <table>
 * <caption>A channel</caption>
 * <tr><th>bytes</th><th>content</th></tr>
 * <tr><td>8</td><td>the number of finite values</td></tr>
 * <tr><td>1</td><td>which counts follow: 1 for NaN + 2 for +infinity + 4 for -infinity</td></tr>
 * <tr><td>8 each</td><td>those counts, in this order, each at least 1</td></tr>
 * <tr><td></td><td>the sum, a number in units of {@code 2^-1074}</td></tr>
 * <tr><td></td><td>the sum of squares, a number in units of {@code 2^-2148}</td></tr>
 * </table>
 *
 * <table>
 * <caption>A number</caption>
 * <tr><th>bytes</th><th>content</th></tr>
 * <tr><td>1</td><td>{@code low}</td></tr>
 * <tr><td>1</td><td>{@code size}, the number of digits</td></tr>
 * <tr><td>4 * size</td><td>a two's complement integer n; the number is {@code n * 2^(32 * low)}
 * units</td></tr>
 * </table>
 *
 * <p>Every number has exactly one form: no more digits than its sign needs, the lowest digit not
 * zero, and zero itself has {@code low} 0 and {@code size} 0. Equal moments therefore have equal
 * bytes. Typical channels take 30 to 60 bytes; the most that any can take is 845.
 */
final class MomentsState {
  private static final int MAGIC = 'S' << 24 | 'N' << 16 | 'M' << 8 | 'M';
  private static final int VERSION = 1;

  private static final int NAN = 1;
  private static final int POSITIVE_INFINITY = 2;
  private static final int NEGATIVE_INFINITY = 4;

  /** 2^63 times the largest double is below 2^2161 units, its square below 2^4259. */
  private static final int MAX_SUM_DIGITS = 68;

  private static final int MAX_SQUARES_DIGITS = 134;

  private MomentsState() {}

  static void write(ChannelMoments[] channels, DataOutput out) throws IOException {
    Writer writer = new Writer(out, channels.length);
    writer.write(channels);
    writer.finish();
  }

  /** Writes a state piece by piece. */
  static final class Writer {
    private final DataOutput out;
    private final CheckedOutputStream checked;
    private final DataOutputStream data;

    Writer(DataOutput out, int channels) throws IOException {
      this.out = out;
      checked = new CheckedOutputStream(new Sink(out), new CRC32());
      data = new DataOutputStream(new BufferedOutputStream(checked));
      data.writeInt(MAGIC);
      data.writeInt(VERSION);
      data.writeInt(channels);
    }

    void write(ChannelMoments[] channels) throws IOException {
      for (ChannelMoments channel : channels) {
        MomentsState.write(channel, data);
      }
    }

    void finish() throws IOException {
      data.flush();
      out.writeInt((int) checked.getChecksum().getValue());
    }
  }

  private static void write(ChannelMoments channel, DataOutput out) throws IOException {
    out.writeLong(channel.count());
    out.writeByte(
        (channel.nanCount() > 0 ? NAN : 0)
            | (channel.positiveInfinityCount() > 0 ? POSITIVE_INFINITY : 0)
            | (channel.negativeInfinityCount() > 0 ? NEGATIVE_INFINITY : 0));
    writeIfAny(channel.nanCount(), out);
    writeIfAny(channel.positiveInfinityCount(), out);
    writeIfAny(channel.negativeInfinityCount(), out);
    write(channel.sum(), out);
    write(channel.squares(), out);
  }

  private static void writeIfAny(long count, DataOutput out) throws IOException {
    if (count > 0) {
      out.writeLong(count);
    }
  }

  private static void write(ExactSum sum, DataOutput out) throws IOException {
    out.writeByte(sum.low());
    out.writeByte(sum.size());
    for (int i = sum.size() - 1; i >= 0; i--) {
      out.writeInt((int) sum.digit(i));
    }
  }

  /** Reads a state, which cannot make it allocate much more than the state's own size. */
  static ChannelMoments[] read(DataInput in) throws IOException {
    CheckedInputStream checked = new CheckedInputStream(new Source(in), new CRC32());
    DataInputStream data = new DataInputStream(checked);
    List<ChannelMoments> channels = new ArrayList<>();
    int count = 0;
    try {
      count = readHeader(data);
      while (channels.size() < count) {
        channels.add(readChannel(data));
      }

      int expected = (int) checked.getChecksum().getValue();
      int found = in.readInt();
      if (found != expected) {
        throw damaged("expected checksum %08x, found %08x", expected, found);
      }
    } catch (EOFException e) {
      throw new IllegalArgumentException(
          count == 0
              ? "Cannot read moments: the state ends within its header"
              : "Cannot read moments: the state ends after %d of %d channels"
                  .formatted(channels.size(), count),
          e);
    }

    return channels.toArray(new ChannelMoments[0]);
  }

  private static int readHeader(DataInput in) throws IOException {
    int magic = in.readInt();
    if (magic != MAGIC) {
      throw refused("expected a state that begins with %08x, found %08x", MAGIC, magic);
    }

    int version = in.readInt();
    if (version != VERSION) {
      throw refused("expected format version %d, found %d", VERSION, version);
    }

    int channels = in.readInt();
    if (channels < 1) {
      throw damaged("expected at least 1 channel, found %d", channels);
    }

    return channels;
  }

  private static ChannelMoments readChannel(DataInput in) throws IOException {
    long count = readCount(in, 0);
    int present = in.readUnsignedByte();
    if (present > (NAN | POSITIVE_INFINITY | NEGATIVE_INFINITY)) {
      throw damaged("expected bits for three more counts, found %02x", present);
    }

    long nanCount = (present & NAN) == 0 ? 0 : readCount(in, 1);
    long positiveInfinityCount = (present & POSITIVE_INFINITY) == 0 ? 0 : readCount(in, 1);
    long negativeInfinityCount = (present & NEGATIVE_INFINITY) == 0 ? 0 : readCount(in, 1);
    ExactSum sum = readSum(in, MAX_SUM_DIGITS);
    ExactSum squares = readSum(in, MAX_SQUARES_DIGITS);
    check(count, sum, squares);
    return new ChannelMoments(
        count, nanCount, positiveInfinityCount, negativeInfinityCount, sum, squares);
  }

  /** What costs next to nothing to find out; that a checksum fits says little of its writer. */
  private static void check(long count, ExactSum sum, ExactSum squares) {
    if (squares.isNegative()) {
      throw damaged("expected a sum of squares that is not negative");
    }

    if (count == 0 && sum.size() + squares.size() > 0) {
      throw damaged("expected sums of no values to be zero");
    }
  }

  private static long readCount(DataInput in, int least) throws IOException {
    long count = in.readLong();
    if (count < least) {
      throw damaged("expected a count of at least %d, found %d", least, count);
    }

    return count;
  }

  private static ExactSum readSum(DataInput in, int maxDigits) throws IOException {
    int low = in.readUnsignedByte();
    int size = in.readUnsignedByte();
    if (low + size > maxDigits) {
      throw damaged("expected at most %d digits, found %d", maxDigits, low + size);
    }

    long[] digits = new long[size];
    for (int i = size - 1; i >= 0; i--) {
      int digit = in.readInt();
      digits[i] = i == size - 1 ? digit : Integer.toUnsignedLong(digit);
    }

    ExactSum sum = ExactSum.of(low, digits);
    if (sum.low() != low || sum.size() != size) {
      throw damaged("expected %d digits, found %d", sum.size(), size);
    }

    return sum;
  }

  private static IllegalArgumentException damaged(String format, Object... values) {
    return refused("the state is damaged: " + format, values);
  }

  private static IllegalArgumentException refused(String format, Object... values) {
    return new IllegalArgumentException("Cannot read moments: " + format.formatted(values));
  }

  /** A data output as the stream that checksums are computed over. */
  private static final class Sink extends OutputStream {
    private final DataOutput out;

    Sink(DataOutput out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }
  }

  /** A data input as the stream that checksums are computed over; its end is an exception. */
  private static final class Source extends InputStream {
    private final DataInput in;

    Source(DataInput in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      return in.readUnsignedByte();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      in.readFully(bytes, offset, length);
      return length;
    }
  }
}
