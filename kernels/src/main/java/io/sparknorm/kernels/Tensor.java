package io.sparknorm.kernels;

import java.util.function.Consumer;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type.
 */
record Tensor<A>(Loops<A> loops, Loops<double[]> doubles, A x, A out, boolean skippingNaN) {
  /** How many elements, or coefficients, are used together: they stay in the nearest cache. */
  private static final int LENGTH = 1024;

  // Allocating them for every record costs more than the arithmetic: memory that is new to a cache.
  private static final ThreadLocal<double[][]> BUFFERS =
      ThreadLocal.withInitial(() -> new double[2][LENGTH]);

  /** Mean and squared deviations of every slice from a position: the channels of the view. */
  SliceMoments moments(int from, TensorView slices) {
    return skippingNaN
        ? SliceMoments.ofPresent(loops, x, from, slices)
        : SliceMoments.of(loops, x, from, slices);
  }

  /** Mean zero and squares of every slice from a position. */
  SliceMoments squares(int from, TensorView slices) {
    return skippingNaN
        ? SliceMoments.squaresOfPresent(loops, x, from, slices)
        : SliceMoments.squares(loops, x, from, slices);
  }

  void map(TensorView view, ChannelMap map, Activation activation) {
    if (view.inner() == 1) {
      mapRows(view, map, activation);
    } else {
      int row = view.channels() * view.inner();
      for (int o = 0; o < view.outer(); o++) {
        mapRuns(o * row, view, map, activation);
      }
    }
  }

  private void mapRows(TensorView view, ChannelMap map, Activation activation) {
    int end = view.length();
    if (activation == Activation.NONE) {
      map.mapRows(loops, x, 0, end, out);
      return;
    }

    int step = Math.max(1, LENGTH / view.channels()) * view.channels();
    for (int start = 0; start < end; start += step) {
      int n = Math.min(step, end - start);
      activated(start, n, activation, v -> map.mapRows(doubles, v, 0, n, v));
    }
  }

  private void mapRuns(int from, TensorView view, ChannelMap map, Activation activation) {
    int channels = view.channels();
    int inner = view.inner();
    if (activation == Activation.NONE) {
      map.mapRuns(loops, x, from, channels, inner, 0, out);
      return;
    }

    int step = Math.max(1, LENGTH / Math.max(1, inner));
    for (int c = 0; c < channels; c += step) {
      int first = c;
      int runs = Math.min(step, channels - c);
      for (int i = 0; i < inner; i += LENGTH) {
        int length = Math.min(LENGTH, inner - i);
        activated(
            from + c * inner + i,
            runs * length,
            activation,
            v -> map.mapRuns(doubles, v, 0, runs, length, first, v));
      }
    }
  }

  /** Maps as many blocks as the map is for, from a position. */
  void mapBlocks(int from, BlockScale map, Activation activation) {
    int block = map.weight().length;
    int blocks = map.scale().length;
    if (activation == Activation.NONE) {
      for (int first = 0; first < block; first += LENGTH) {
        int last = Math.min(first + LENGTH, block);
        for (int k = 0; k < blocks; k++) {
          loops.mapBlock(x, from + k * block, map, k, first, last, out);
        }
      }
    } else {
      for (int k = 0; k < blocks; k++) {
        int of = k;
        activated(
            from + k * block, block, activation, v -> doubles.mapBlock(v, 0, map, of, 0, block, v));
      }
    }
  }

  /** Takes elements through doubles: what comes before an activation is not rounded. */
  private void activated(int start, int n, Activation activation, Consumer<double[]> body) {
    double[][] buffers = n > LENGTH ? new double[2][n] : BUFFERS.get();
    loops.widen(x, start, start + n, buffers[0]);
    body.accept(buffers[0]);
    activation.apply(loops, buffers[0], n, buffers[1]);
    loops.narrow(buffers[1], start, start + n, out);
  }
}
