package io.sparknorm.kernels;

import java.util.function.Consumer;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type. A position named {@code from} is where a part of the record begins.
 */
record Tensor<A>(Loops<A> loops, Loops<double[]> doubles, A x, A out, boolean skippingNaN) {
  /** How many elements, or coefficients, are used together: they stay in the nearest cache. */
  private static final int LENGTH = 1024;

  // Allocating them for every record costs more than the arithmetic: memory that is new to a cache.
  private static final ThreadLocal<double[][]> BUFFERS =
      ThreadLocal.withInitial(() -> new double[2][LENGTH]);

  /** Mean and squared deviations of every slice: the channels of the view. */
  SliceMoments moments(int from, TensorView slices) {
    return skippingNaN
        ? SliceMoments.ofPresent(loops, x, from, slices)
        : SliceMoments.of(loops, x, from, slices);
  }

  /** Mean zero and squares of every slice. */
  SliceMoments squares(int from, TensorView slices) {
    return skippingNaN
        ? SliceMoments.squaresOfPresent(loops, x, from, slices)
        : SliceMoments.squares(loops, x, from, slices);
  }

  void map(int from, TensorView part, ChannelMap map, Activation activation) {
    if (activation == Activation.NONE) {
      map(from, part, map);
    } else if (part.inner() == 1) {
      int step = Math.max(1, LENGTH / part.channels()) * part.channels();
      int end = from + part.length();
      for (int start = from; start < end; start += step) {
        int n = Math.min(step, end - start);
        activated(start, n, activation, v -> map.mapRows(doubles, v, 0, n, v));
      }
    } else if (part.inner() > 0) {
      int row = part.channels() * part.inner();
      for (int o = 0; o < part.outer(); o++) {
        mapRuns(from + o * row, part, map, activation);
      }
    }
  }

  private void map(int from, TensorView part, ChannelMap map) {
    int inner = part.inner();
    if (inner == 1) {
      map.mapRows(loops, x, from, from + part.length(), out);
    } else {
      int row = part.channels() * inner;
      for (int o = 0, start = from; o < part.outer(); o++, start += row) {
        map.mapRuns(loops, x, start, part.channels(), inner, 0, out);
      }
    }
  }

  private void mapRuns(int from, TensorView part, ChannelMap map, Activation activation) {
    int inner = part.inner();
    int step = Math.max(1, LENGTH / inner);
    for (int c = 0; c < part.channels(); c += step) {
      int first = c;
      int runs = Math.min(step, part.channels() - c);
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

  /** Maps as many blocks as the map is for. */
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
