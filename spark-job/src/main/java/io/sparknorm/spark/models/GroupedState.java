package io.sparknorm.spark.models;

import io.sparknorm.spark.ScratchFile;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;

/** Groups with their statistics, which are in memory, and their exact moments, which never are. */
public final class GroupedState implements Closeable {
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

  /** Deletes the moments. */
  @Override
  public void close() throws IOException {
    moments.close();
  }

  /** Takes groups in the order of the files. */
  public static final class Builder implements Closeable {
    /** Bytes that make a Java array, with room for a header. */
    private static final long MOST_IN_ARRAY = Integer.MAX_VALUE - 64;

    private final ScratchFile statistics = new ScratchFile();
    private final ScratchFile moments = new ScratchFile();
    private final long most;
    private long bytes;
    private boolean isBuilt;

    /** Whose statistics may take half of the Java heap: who applies them needs them twice. */
    public Builder() throws IOException {
      this(Runtime.getRuntime().maxMemory() / 2);
    }

    /**
     * @param most how many bytes the statistics may take
     */
    Builder(long most) throws IOException {
      this.most = Math.min(most, MOST_IN_ARRAY);
    }

    /**
     * Adds groups.
     *
     * @param moreStatistics what {@link GroupEntry#writeStatistics} writes of them
     * @param moreMoments what {@link GroupEntry#writeMoments} writes of them
     * @throws IllegalArgumentException if the statistics are more than the memory may hold
     */
    public void add(byte[] moreStatistics, byte[] moreMoments) throws IOException {
      bytes += moreStatistics.length;
      if (GroupStatistics.fileBytes(bytes) > most) {
        throw new IllegalArgumentException(
            "the statistics of the groups take more than %d MiB, which is half of the Java heap, or"
                    .formatted(most >> 20)
                + " all that an array can hold (raise the driver's memory, or group by less)");
      }

      statistics.out().write(moreStatistics);
      moments.out().write(moreMoments);
    }

    /**
     * What was added.
     *
     * @param count how many groups
     */
    public GroupedState build(GroupBy by, int channels, int count) throws IOException {
      statistics.out().flush();
      moments.out().flush();
      Exactly file = new Exactly(Math.toIntExact(GroupStatistics.fileBytes(bytes)));
      GroupFile.STATISTICS.write(channels, count, statistics::copyTo, file);
      GroupStatistics built = new GroupStatistics(by, channels, count, file.bytes());
      isBuilt = true;
      return new GroupedState(built, moments);
    }

    /** Deletes what was added, except for the moments of what was built. */
    @Override
    public void close() throws IOException {
      statistics.close();
      if (!isBuilt) {
        moments.close();
      }
    }
  }

  /** So many bytes, which are not copied. */
  private static final class Exactly extends ByteArrayOutputStream {
    Exactly(int size) {
      super(size);
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
