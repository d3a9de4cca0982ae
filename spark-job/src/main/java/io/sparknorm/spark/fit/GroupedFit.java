package io.sparknorm.spark.fit;

import io.sparknorm.spark.models.GroupBy;
import io.sparknorm.spark.models.GroupFile;
import io.sparknorm.spark.models.GroupStatistics;
import io.sparknorm.spark.models.GroupedState;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** The groups of a fit: their statistics in the driver's memory, their moments on its disk. */
final class GroupedFit implements GroupedState {
  private final GroupStatistics statistics;
  private final ScratchFile moments;

  private GroupedFit(GroupStatistics statistics, ScratchFile moments) {
    this.statistics = statistics;
    this.moments = moments;
  }

  /** What brings chunks to the driver, in their order. */
  @FunctionalInterface
  interface Chunks {
    void forEach(ChunkTaker taker) throws IOException;
  }

  /** Takes a chunk. */
  @FunctionalInterface
  interface ChunkTaker {
    void take(GroupChunk chunk) throws IOException;
  }

  static GroupedFit of(GroupBy by, int channels, GroupSummary summary, Chunks chunks)
      throws IOException {
    ScratchFile moments = new ScratchFile();
    int bytes = Math.toIntExact(GroupStatistics.fileBytes(summary.statisticsBytes()));
    Exactly file = new Exactly(bytes);
    GroupFile.STATISTICS.write(
        channels,
        summary.count(),
        out ->
            chunks.forEach(
                chunk -> {
                  out.write(chunk.statistics());
                  moments.out().write(chunk.moments());
                }),
        file);
    moments.out().flush();
    return new GroupedFit(
        new GroupStatistics(by, channels, summary.count(), file.bytes()), moments);
  }

  @Override
  public GroupStatistics statistics() {
    return statistics;
  }

  @Override
  public void writeMoments(OutputStream out) throws IOException {
    GroupFile.MOMENTS.write(statistics.channels(), statistics.count(), moments::copyTo, out);
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
