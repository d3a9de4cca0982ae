package io.sparknorm.kernels.moments;

import java.io.DataOutput;
import java.io.IOException;

/**
 * Writes the state of many channels of which only a block is in memory at a time: the same bytes as
 * {@link Moments#write} of all of them.
 */
public final class MomentsWriter {
  private final MomentsState.Writer state;
  private final int channels;
  private int written;

  /**
   * Begins a state.
   *
   * @throws IllegalArgumentException if there is not at least one channel
   */
  public MomentsWriter(DataOutput out, int channels) throws IOException {
    Moments.checkPositive(channels);
    this.channels = channels;
    this.state = new MomentsState.Writer(out, channels);
  }

  /**
   * Adds the channels after those written so far.
   *
   * @throws IllegalArgumentException if they are more than are left
   */
  public void write(Moments block) throws IOException {
    if (block.channels() > channels - written) {
      throw new IllegalArgumentException(
          "Cannot write moments: %d channels after %d of %d"
              .formatted(block.channels(), written, channels));
    }

    state.write(block.settled());
    written += block.channels();
  }

  /**
   * Ends the state.
   *
   * @throws IllegalStateException if channels are missing
   */
  public void finish() throws IOException {
    if (written < channels) {
      throw new IllegalStateException(
          "Cannot write moments: %d of %d channels".formatted(written, channels));
    }

    state.finish();
  }
}
