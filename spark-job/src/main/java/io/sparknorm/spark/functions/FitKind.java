package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorView;

/** What a pass over a dataset adds up. */
public enum FitKind {
  /** Records and faults alone. */
  COUNTS {
    @Override
    void add(CheckedTensor tensor, TensorView view, FitState state) {}
  },
  /** The moments of all elements of each channel: C channels. */
  CHANNEL_MOMENTS {
    @Override
    void add(CheckedTensor tensor, TensorView view, FitState state) {
      tensor.addTo(state.moments(view.channels()), view);
    }
  },
  /**
   * The moments of per-record statistics: channels 0 to C - 1 hold the means, channels C to 2C - 1
   * the unbiased variances.
   */
  INSTANCE_STATISTICS {
    @Override
    void add(CheckedTensor tensor, TensorView view, FitState state) {
      tensor.addInstanceStatisticsTo(state.moments(2 * view.channels()), view);
    }
  };

  abstract void add(CheckedTensor tensor, TensorView view, FitState state);
}
