package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Channels whose moments travel and are merged together.
 *
 * @param column the number of their column
 * @param from the first channel
 * @param to the channel after the last; {@code from} where the column has no moments but counts
 */
record ChannelBlock(int column, int from, int to) implements Serializable {
  /** A state of so many channels takes about a megabyte in memory, a fifth of that as bytes. */
  static final int CHANNELS = 4096;

  /**
   * With no more blocks a task writes each to a file of its own, and neither sorts nor gathers them
   * ({@code spark.shuffle.sort.bypassMergeThreshold}).
   */
  private static final int MOST_BLOCKS = 200;

  /** Divides the channels of all columns, in their order. */
  static List<ChannelBlock> of(List<FitColumn<?>> columns) {
    List<ChannelBlock> blocks = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      int channels = columns.get(i).momentChannels();
      int size = Math.max(CHANNELS, (channels + MOST_BLOCKS - 1) / MOST_BLOCKS);
      blocks.add(new ChannelBlock(i, 0, Math.min(size, channels)));
      for (int from = size; from < channels; from += size) {
        blocks.add(new ChannelBlock(i, from, Math.min(from + size, channels)));
      }
    }

    return blocks;
  }
}
