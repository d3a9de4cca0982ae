package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorView;

/** What a pass over a dataset adds up. */
public enum FitKind {
  /** Records and faults alone. */
  COUNTS {
    @Override
    int momentChannels(int channels) {
      return 0;
    }

    @Override
    void add(CheckedTensor tensor, TensorView view, long times, FitState state) {}
  },
  /** The moments of all elements of each channel: C channels. */
  CHANNEL_MOMENTS {
    @Override
    int momentChannels(int channels) {
      return channels;
    }

    @Override
    void add(CheckedTensor tensor, TensorView view, long times, FitState state) {
      tensor.addTo(state.moments(momentChannels(view.channels())), view, times);
    }
  },
  /**
   * The moments of per-record statistics: channels 0 to C - 1 hold the means, channels C to 2C - 1
   * the unbiased variances.
   */
  INSTANCE_STATISTICS {
    @Override
    int momentChannels(int channels) {
      return 2 * channels;
    }

    @Override
    void add(CheckedTensor tensor, TensorView view, long times, FitState state) {
      tensor.addInstanceStatisticsTo(state.moments(momentChannels(view.channels())), view, times);
    }
  };

  /** How many channels the moments have, given the tensors'. */
  abstract int momentChannels(int channels);

  /** Whether all that matters of an element is its channel, and not its record. */
  boolean isByElement() {
    return this != INSTANCE_STATISTICS;
  }

  /** Adds a tensor so many times, at least once. */
  abstract void add(CheckedTensor tensor, TensorView view, long times, FitState state);
}
