package io.sparknorm.kernels;

import java.util.function.Consumer;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type.
 */
record Tensor<A>(Loops<A> loops, DoubleLoops doubles, A x, A out, boolean skippingNaN) {
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

  void map(TensorView view, ShiftScale map, Activation activation) {
    if (activation != Activation.NONE) {
      forEachChunk(
          view,
          chunk -> {
            chunk.map(map);
            chunk.activate(activation);
          });
    } else if (view.inner() == 1) {
      loops.mapRows(x, view.length(), map, out);
    } else {
      for (int run = 0, from = 0; run < view.outer() * view.channels(); run++) {
        int to = from + view.inner();
        loops.mapRun(x, from, to, map, run % view.channels(), out);
        from = to;
      }
    }
  }

  /** The map {@code x * sigmoid(slope[c] * x)}, and then another; no slope stands for 1. */
  void mapGated(TensorView view, Coefficients slope, ShiftScale map) {
    forEachChunk(
        view,
        chunk -> {
          chunk.gate(slope);
          chunk.map(map);
        });
  }

  void map(TensorView view, MaxDivision map) {
    forEachChunk(view, chunk -> chunk.map(map));
  }

  void map(BlockScale map, Activation activation) {
    int block = map.weight().length;
    if (activation == Activation.NONE) {
      for (int k = 0; k < map.scale().length; k++) {
        loops.mapBlock(x, k * block, map, k, out);
      }
    } else {
      double[] values = new double[block];
      for (int k = 0, from = 0; k < map.scale().length; k++) {
        int to = from + block;
        loops.widen(x, from, to, values);
        doubles.mapBlock(values, 0, map, k, values);
        activation.apply(doubles, values, block);
        loops.narrow(values, from, to, out);
        from = to;
      }
    }
  }

  /** Takes the record through doubles, so many at a time as stay in the nearest cache. */
  private void forEachChunk(TensorView view, Consumer<Chunk> body) {
    Chunk chunk = new Chunk(doubles, view);
    int length = view.length();
    while (chunk.to() < length) {
      chunk.advance();
      loops.widen(x, chunk.from(), chunk.to(), chunk.values());
      body.accept(chunk);
      loops.narrow(chunk.values(), chunk.from(), chunk.to(), out);
    }
  }
}
