package io.sparknorm.spark.models;

import java.nio.ByteBuffer;

/**
 * The mean and variance of every channel of every group, as the content of a {@link
 * GroupFile#STATISTICS} file: a hundred megabytes where 100,000 groups have 64 channels.
 *
 * @param by the columns that make the groups
 * @param channels of each group
 * @param count how many groups there are
 * @param file not a copy
 */
public record GroupStatistics(GroupBy by, int channels, int count, byte[] file) {
  /**
   * Takes the content of a file.
   *
   * @throws IllegalArgumentException if it is not a whole and undamaged one of so many groups and
   *     channels
   */
  public GroupStatistics {
    GroupFile.STATISTICS.check(file, channels, count);
  }

  /** What a file with groups of so many bytes takes. */
  public static long fileBytes(long groupBytes) {
    return groupBytes + GroupFile.HEADER_BYTES + GroupFile.TRAILER_BYTES;
  }

  /** Takes what was read of a group. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Visits a group.
     *
     * @param key a fresh copy
     * @param mean by channel; filled anew for each group
     * @param variance as the mean
     */
    void group(byte[] key, double[] mean, double[] variance);
  }

  /** Visits the groups of a file that has been checked, in their order. */
  public static void visit(byte[] file, Visitor visitor) {
    ByteBuffer in = ByteBuffer.wrap(file);
    in.position(2 * Integer.BYTES);
    double[] mean = new double[in.getInt()];
    double[] variance = new double[mean.length];
    int count = in.getInt();
    for (int group = 0; group < count; group++) {
      byte[] key = new byte[in.getInt()];
      in.get(key);
      take(in, mean);
      take(in, variance);
      visitor.group(key, mean, variance);
    }
  }

  private static void take(ByteBuffer in, double[] values) {
    in.asDoubleBuffer().get(values);
    in.position(in.position() + values.length * Double.BYTES);
  }
}
