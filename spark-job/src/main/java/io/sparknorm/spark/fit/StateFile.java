package io.sparknorm.spark.fit;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.MomentsWriter;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.ScratchFile;
import java.io.Closeable;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The exact state of a fit on the driver's disk, since that of a million channels would fill its
 * memory; the statistics, a few doubles per channel, are at hand.
 */
final class StateFile implements ExactState {
  private final ScratchFile file;
  private final Statistics statistics;

  private StateFile(ScratchFile file, Statistics statistics) {
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
    file.copyTo(out);
  }

  /** Takes a state block by block. */
  static final class Builder implements Closeable {
    private final ScratchFile file = new ScratchFile();
    private final MomentsWriter writer;
    private final long[] counts;
    private final double[] mean;
    private final double[] biased;
    private final double[] unbiased;
    private int channels;

    Builder(int channels) throws IOException {
      writer = new MomentsWriter(file.out(), channels);
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

    /** Deletes the file. */
    @Override
    public void close() throws IOException {
      file.close();
    }

    StateFile build() throws IOException {
      writer.finish();
      file.out().flush();
      return new StateFile(
          file,
          new Statistics(
              counts, Coefficients.of(mean), Coefficients.of(biased), Coefficients.of(unbiased)));
    }
  }
}
