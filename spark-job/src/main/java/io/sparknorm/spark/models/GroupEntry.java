package io.sparknorm.spark.models;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A group as the files of {@link GroupFile} have it.
 *
 * @param key that tells it from others
 * @param records those whose tensors are in the moments, each once whatever it weighs
 */
public record GroupEntry(byte[] key, long records, Moments moments) {
  /** Writes what a {@link GroupFile#MOMENTS} file has of it. */
  public void writeMoments(DataOutputStream out) throws IOException {
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    try (DataOutputStream data = new DataOutputStream(state)) {
      moments.write(data);
    }

    writeKey(out);
    out.writeLong(records);
    out.writeInt(state.size());
    state.writeTo(out);
  }

  /**
   * Writes what a {@link GroupFile#STATISTICS} file has of it.
   *
   * @param statistics of the moments
   * @param kind the variance that the norm divides by
   */
  public void writeStatistics(Statistics statistics, Variance kind, DataOutputStream out)
      throws IOException {
    writeKey(out);
    write(statistics.mean(), out);
    write(statistics.variance(kind), out);
  }

  /**
   * Reads what {@link #writeMoments} wrote.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  static GroupEntry readMoments(DataInputStream in) throws IOException {
    byte[] key = readSized(in);
    long records = in.readLong();
    try (DataInputStream state = new DataInputStream(new ByteArrayInputStream(readSized(in)))) {
      return new GroupEntry(key, records, Moments.read(state));
    }
  }

  private static byte[] readSized(DataInputStream in) throws IOException {
    int length = in.readInt();
    byte[] bytes = length < 0 ? new byte[0] : in.readNBytes(length);
    if (bytes.length != length) {
      throw new IllegalArgumentException("a group ends too early");
    }

    return bytes;
  }

  private void writeKey(DataOutputStream out) throws IOException {
    out.writeInt(key.length);
    out.write(key);
  }

  private static void write(Coefficients values, DataOutputStream out) throws IOException {
    for (int c = 0; c < values.size(); c++) {
      out.writeDouble(values.get(c));
    }
  }
}
