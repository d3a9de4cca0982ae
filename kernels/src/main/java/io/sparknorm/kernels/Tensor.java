package io.sparknorm.kernels;

import java.util.function.Consumer;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type.
 */
record Tensor<A>(Loops<A> loops, Loops<double[]> doubles, A x, A out, boolean skippingNaN) {
  /** How many elements go through an activation together: they stay in the nearest cache. */
  private static final int LENGTH = 1024;

  /**
   * How many elements are taken together for statistics and map: they stay in a cache. Fewer would
   * change between reading and writing too often for the memory.
   */
  private static final int NEAR = 1 << 16;

  // Allocating them for every record costs more than the arithmetic: memory that is new to a cache.
  private static final ThreadLocal<double[][]> BUFFERS =
      ThreadLocal.withInitial(() -> new double[2][LENGTH]);

  /**
   * Some neighbouring channels of a tensor, which a view shows as one that starts at a position.
   */
  interface Part {
    void take(int from, TensorView view, int firstChannel);
  }

  /**
   * Gives whole groups of channels, in their order. Where each group's elements are neighbours, a
   * few groups come at a time, so that they are near when they are read again.
   */
  static void inParts(TensorView view, int groups, Part part) {
    int perGroup = view.channels() / groups;
    int length = perGroup * view.inner();
    int step = view.outer() == 1 ? near(length) : groups;
    for (int group = 0; group < groups; group += step) {
      int channels = Math.min(step, groups - group) * perGroup;
      part.take(
          group * length, new TensorView(view.outer(), channels, view.inner()), group * perGroup);
    }
  }

  /**
   * As many groups of a length as are near; if more than four then in fours, the most that loops
   * take together.
   */
  private static int near(int length) {
    int groups = Math.max(1, NEAR / Math.max(1, length));
    return groups > 4 ? groups - groups % 4 : groups;
  }

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

  /**
   * Takes moments of as many other slices, in place of those they were of; returns false where they
   * must be new ones.
   */
  boolean takeAgain(SliceMoments moments, int from, TensorView slices) {
    if (skippingNaN || moments.count.length != slices.channels()) {
      return false;
    }

    moments.take(loops, x, from, slices);
    return true;
  }

  /** Maps what a view shows from a position. */
  void map(int from, TensorView view, ChannelMap map, Activation activation) {
    Apart.map(this, from, view, map, activation);
  }

  /** What {@link #map} calls apart. */
  void mapChannels(int from, TensorView view, ChannelMap map, Activation activation) {
    if (view.inner() == 1) {
      mapRows(from, view, map, activation);
    } else {
      int row = view.channels() * view.inner();
      for (int o = 0; o < view.outer(); o++) {
        mapRuns(from + o * row, view, map, activation);
      }
    }
  }

  private void mapRows(int from, TensorView view, ChannelMap map, Activation activation) {
    int end = from + view.length();
    if (activation == Activation.NONE) {
      map.mapRows(loops, x, from, end, out);
      return;
    }

    int step = Math.max(1, LENGTH / view.channels()) * view.channels();
    for (int start = from; start < end; ) {
      int n = Math.min(step, end - start);
      activated(start, n, activation, v -> map.mapRows(doubles, v, 0, n, v));
      start += n;
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
    if (activation == Activation.NONE) {
      loops.mapBlocks(x, from, map, out);
    } else {
      int block = map.weight().length;
      for (int k = 0; k < map.scale().length; k++) {
        int of = k;
        activated(from + k * block, block, activation, v -> doubles.mapBlock(v, 0, map, of, v));
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
