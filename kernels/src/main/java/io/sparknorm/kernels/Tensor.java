package io.sparknorm.kernels;

import java.util.function.Consumer;

/**
 * One record's tensor on its way through a norm: the input, the output and the loops for their
 * element type.
 */
record Tensor<A>(Loops<A> loops, DoubleLoops doubles, A x, A out, boolean skippingNaN) {
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
      int from = 0;
      for (int o = 0; o < view.outer(); o++) {
        for (int c = 0; c < view.channels(); c++) {
          loops.mapRun(x, from, from + view.inner(), map, c, out);
          from += view.inner();
        }
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

  /** Maps as many blocks as the map is for, from a position. */
  void mapBlocks(int from, BlockScale map, Activation activation) {
    int block = map.weight().length;
    boolean plain = activation == Activation.NONE;
    double[] values = new double[plain ? 0 : block];
    double[] activated = new double[values.length];
    for (int k = 0, start = from; k < map.scale().length; k++, start += block) {
      if (plain) {
        loops.mapBlock(x, start, map, k, out);
      } else {
        loops.widen(x, start, start + block, values);
        doubles.mapBlock(values, 0, map, k, values);
        activation.apply(loops, values, block, activated);
        loops.narrow(activated, start, start + block, out);
      }
    }
  }

  /** Takes the record through doubles, so many at a time as stay in the nearest cache. */
  private void forEachChunk(TensorView view, Consumer<Chunk> body) {
    Chunk chunk = new Chunk(loops, doubles, view);
    int length = view.length();
    while (chunk.to() < length) {
      chunk.advance();
      loops.widen(x, chunk.from(), chunk.to(), chunk.values());
      body.accept(chunk);
      loops.narrow(chunk.values(), chunk.from(), chunk.to(), out);
    }
  }
}
