package io.sparknorm.spark.models;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A group as the files of {@link GroupFile} have it.
 *
 * @param key that tells it from others
 * @param records all of them, dropped ones too
 * @param dropped the records that the fault policies left out
 */
public record GroupEntry(byte[] key, long records, long dropped, Moments moments) {
  /** Writes what a {@link GroupFile#MOMENTS} file has of it. */
  public void writeMoments(DataOutputStream out) throws IOException {
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    try (DataOutputStream data = new DataOutputStream(state)) {
      moments.write(data);
    }

    writeKey(out);
    out.writeLong(records);
    out.writeLong(dropped);
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
