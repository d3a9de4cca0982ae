package io.sparknorm.kernels;

/** A part of one record's tensor as doubles: whole rows, or any part of the runs. */
final class Chunk {
  private static final int LENGTH = 1024;

  private final DoubleLoops loops;
  private final TensorView view;
  private final int step;
  private final double[] values;
  private int from;
  private int to;

  Chunk(DoubleLoops loops, TensorView view) {
    this.loops = loops;
    this.view = view;
    this.step =
        view.inner() == 1 ? Math.max(1, LENGTH / view.channels()) * view.channels() : LENGTH;
    this.values = new double[Math.min(step, view.length())];
  }

  void advance() {
    from = to;
    to = Math.min(from + step, view.length());
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  double[] values() {
    return values;
  }

  void map(ShiftScale map) {
    map(map, values);
  }

  void map(MaxDivision map) {
    if (view.inner() == 1) {
      loops.mapRows(values, to - from, map, values);
    } else {
      for (int start = from, end; start < to; start = end) {
        end = endOfRun(start);
        loops.mapRun(values, start - from, end - from, map, view.channelOf(start), values);
      }
    }
  }

  /** The map {@code x * sigmoid(slope[c] * x)}; no slope stands for 1. */
  void gate(Coefficients slope) {
    double[] gates = new double[values.length];
    if (slope.isEmpty()) {
      loops.sigmoid(values, to - from, gates);
    } else {
      double[] slopes = slope.orElse(1, view.channels());
      map(ShiftScale.of(slopes, new double[slopes.length]), gates);
      loops.sigmoid(gates, to - from, gates);
    }

    loops.multiply(values, to - from, gates);
  }

  void activate(Activation activation) {
    activation.apply(loops, values, to - from);
  }

  private void map(ShiftScale map, double[] out) {
    if (view.inner() == 1) {
      loops.mapRows(values, to - from, map, out);
    } else {
      for (int start = from, end; start < to; start = end) {
        end = endOfRun(start);
        loops.mapRun(values, start - from, end - from, map, view.channelOf(start), out);
      }
    }
  }

  private int endOfRun(int position) {
    return Math.min(to, (position / view.inner() + 1) * view.inner());
  }
}
