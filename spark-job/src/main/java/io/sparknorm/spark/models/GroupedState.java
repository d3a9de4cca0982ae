package io.sparknorm.spark.models;

import io.sparknorm.spark.ScratchFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Groups with their statistics, which are in memory, and their exact moments, which never are. */
public final class GroupedState {
  private final GroupStatistics statistics;
  private final ScratchFile moments;

  private GroupedState(GroupStatistics statistics, ScratchFile moments) {
    this.statistics = statistics;
    this.moments = moments;
  }

  /** How groups are normalised. */
  public GroupStatistics statistics() {
    return statistics;
  }

  /** Writes the content of a {@link GroupFile#MOMENTS} file. */
  public void writeMoments(OutputStream out) throws IOException {
    GroupFile.MOMENTS.write(statistics.channels(), statistics.count(), moments::copyTo, out);
  }

  /** Takes groups in the order of the files. */
  public static final class Builder {
    private final ScratchFile statistics = new ScratchFile();
    private final ScratchFile moments = new ScratchFile();

    public Builder() throws IOException {}

    /**
     * Adds groups.
     *
     * @param moreStatistics what {@link GroupEntry#writeStatistics} writes of them
     * @param moreMoments what {@link GroupEntry#writeMoments} writes of them
     */
    public void add(byte[] moreStatistics, byte[] moreMoments) throws IOException {
      statistics.out().write(moreStatistics);
      moments.out().write(moreMoments);
    }

    /**
     * What was added.
     *
     * @param count how many groups
     * @throws IllegalArgumentException if an array cannot hold their statistics
     */
    public GroupedState build(GroupBy by, int channels, int count) throws IOException {
      statistics.out().flush();
      moments.out().flush();
      try (statistics) {
        Exactly file = new Exactly(GroupStatistics.fileBytes(statistics.size()));
        GroupFile.STATISTICS.write(channels, count, statistics::copyTo, file);
        return new GroupedState(new GroupStatistics(by, channels, count, file.bytes()), moments);
      }
    }
  }

  /** So many bytes, which are not copied. */
  private static final class Exactly extends ByteArrayOutputStream {
    private static final int MOST = Integer.MAX_VALUE - 64;

    Exactly(long size) {
      super(checked(size));
    }

    private static int checked(long size) {
      if (size > MOST) {
        throw new IllegalArgumentException(
            "the statistics of the groups are %d bytes (at most %d)".formatted(size, MOST));
      }

      return (int) size;
    }

    byte[] bytes() {
      if (count != buf.length) {
        throw new IllegalStateException(
            "Cannot collect groups: %d bytes (expected %d)".formatted(count, buf.length));
      }

      return buf;
    }
  }
}
