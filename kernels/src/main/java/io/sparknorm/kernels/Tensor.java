package io.sparknorm.kernels;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type.
 */
record Tensor<A>(Loops<A> loops, A x, A out, boolean skippingNaN) {
  private interface RunBody {
    void accept(int from, int to, int channel);
  }

  /** Mean and squared deviations of every slice; the view's channels are the slices. */
  SliceMoments moments(TensorView slices) {
    return skippingNaN
        ? SliceMoments.ofPresent(loops, x, slices)
        : SliceMoments.of(loops, x, slices);
  }

  /** Mean zero and squares of every slice. */
  SliceMoments squares(TensorView slices) {
    return skippingNaN
        ? SliceMoments.squaresOfPresent(loops, x, slices)
        : SliceMoments.squares(loops, x, slices);
  }

  void map(TensorView view, ShiftScale map) {
    if (view.inner() == 1) {
      loops.mapRows(x, view.length(), map, out);
    } else {
      forEachRun(view, (from, to, c) -> loops.mapRun(x, from, to, map, c, out));
    }
  }

  void map(TensorView view, Gate map) {
    if (view.inner() == 1) {
      loops.mapRows(x, view.length(), map, out);
    } else {
      forEachRun(view, (from, to, c) -> loops.mapRun(x, from, to, map, c, out));
    }
  }

  void map(TensorView view, MaxDivision map) {
    if (view.inner() == 1) {
      loops.mapRows(x, view.length(), map, out);
    } else {
      forEachRun(view, (from, to, c) -> loops.mapRun(x, from, to, map, c, out));
    }
  }

  void map(BlockScale map) {
    for (int k = 0; k < map.scale().length; k++) {
      loops.mapBlock(x, k * map.weight().length, map, k, out);
    }
  }

  private static void forEachRun(TensorView view, RunBody body) {
    int from = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        body.accept(from, from + view.inner(), c);
        from += view.inner();
      }
    }
  }
}
