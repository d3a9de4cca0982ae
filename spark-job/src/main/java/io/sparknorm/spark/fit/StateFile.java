package io.sparknorm.spark.fit;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.MomentsWriter;
import io.sparknorm.kernels.moments.Statistics;
import java.io.BufferedOutputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The exact state of a fit on the driver's disk, since that of a million channels would fill its
 * memory; the statistics, a few doubles per channel, are at hand. The file has no name from the
 * start where the system allows that, and is gone when nobody refers to this any more.
 */
final class StateFile implements ExactState {
  private static final int BUFFER = 1 << 16;

  private final FileChannel file;
  private final Statistics statistics;

  private StateFile(FileChannel file, Statistics statistics) {
    this.file = file;
    this.statistics = statistics;
  }

  @Override
  public int channels() {
    return statistics.channels();
  }

  @Override
  public Statistics statistics() {
    return statistics;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    for (long at = 0; at < file.size(); at += buffer.position()) {
      file.read(buffer.clear(), at);
      out.write(buffer.array(), 0, buffer.position());
    }
  }

  /** Takes a state block by block. */
  static final class Builder {
    private final FileChannel file;
    private final DataOutputStream out;
    private final MomentsWriter writer;
    private final long[] counts;
    private final double[] mean;
    private final double[] biased;
    private final double[] unbiased;
    private int channels;

    Builder(int channels) throws IOException {
      Path path = Files.createTempFile("sparknorm-moments-", ".bin");
      file =
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(file), BUFFER));
      writer = new MomentsWriter(out, channels);
      counts = new long[channels];
      mean = new double[channels];
      biased = new double[channels];
      unbiased = new double[channels];
    }

    /** Adds the channels after those added so far. */
    void add(Moments block) throws IOException {
      writer.write(block);
      Statistics statistics = block.statistics();
      int n = statistics.channels();
      System.arraycopy(statistics.counts(), 0, counts, channels, n);
      copy(statistics.mean(), mean);
      copy(statistics.variance(Variance.BIASED), biased);
      copy(statistics.variance(Variance.UNBIASED), unbiased);
      channels += n;
    }

    private void copy(Coefficients from, double[] to) {
      System.arraycopy(from.toArray(), 0, to, channels, from.size());
    }

    StateFile build() throws IOException {
      writer.finish();
      out.flush();
      return new StateFile(
          file,
          new Statistics(
              counts, Coefficients.of(mean), Coefficients.of(biased), Coefficients.of(unbiased)));
    }
  }
}
