package io.sparknorm.kernels;

/** A part of one record's tensor as doubles: whole rows, or any part of the runs. */
final class Chunk {
  private static final int LENGTH = 1024;

  private final Loops<?> loops;
  private final DoubleLoops doubles;
  private final TensorView view;
  private final int step;
  private double[] values;
  private double[] spare;
  private int from;
  private int to;

  /** The loops of the record's element type say how exactly a gate is taken. */
  Chunk(Loops<?> loops, DoubleLoops doubles, TensorView view) {
    this.loops = loops;
    this.doubles = doubles;
    this.view = view;
    this.step =
        view.inner() == 1 ? Math.max(1, LENGTH / view.channels()) * view.channels() : LENGTH;
    this.values = new double[Math.min(step, view.length())];
    this.spare = new double[values.length];
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
      doubles.mapRows(values, to - from, map, values);
    } else {
      for (int start = from, end; start < to; start = end) {
        end = endOfRun(start);
        doubles.mapRun(values, start - from, end - from, map, view.channelOf(start), values);
      }
    }
  }

  /** The map {@code x * sigmoid(slope[c] * x)}; no slope stands for 1. */
  void gate(Coefficients slope) {
    double[] t = values;
    if (!slope.isEmpty()) {
      t = new double[values.length];
      map(ShiftScale.of(slope.orElse(1, view.channels()), new double[view.channels()]), t);
    }

    loops.gate(values, t, to - from, spare);
    swap();
  }

  void activate(Activation activation) {
    activation.apply(loops, values, to - from, spare);
    swap();
  }

  private void swap() {
    double[] last = values;
    values = spare;
    spare = last;
  }

  private void map(ShiftScale map, double[] out) {
    if (view.inner() == 1) {
      doubles.mapRows(values, to - from, map, out);
    } else {
      for (int start = from, end; start < to; start = end) {
        end = endOfRun(start);
        doubles.mapRun(values, start - from, end - from, map, view.channelOf(start), out);
      }
    }
  }

  private int endOfRun(int position) {
    return Math.min(to, (position / view.inner() + 1) * view.inner());
  }
}
