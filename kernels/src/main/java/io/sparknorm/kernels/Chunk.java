package io.sparknorm.kernels;

/** A part of one record's tensor as doubles: whole rows, or any part of the runs. */
final class Chunk {
  private static final int LENGTH = 1024;

  // Allocating them for every record costs more than the arithmetic: memory that is new to a cache.
  private static final ThreadLocal<double[][]> BUFFERS =
      ThreadLocal.withInitial(() -> new double[3][LENGTH]);

  private final Loops<?> loops;
  private final DoubleLoops doubles;
  private final TensorView view;
  private final int step;
  private final double[] slopes;
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
    double[][] buffers = step > LENGTH ? new double[3][step] : BUFFERS.get();
    this.values = buffers[0];
    this.spare = buffers[1];
    this.slopes = buffers[2];
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
      forEachRun((start, end, c) -> doubles.mapRun(values, start, end, map, c, values));
    }
  }

  /** The map {@code x * sigmoid(slope[c] * x)}; no slope stands for 1. */
  void gate(Coefficients slope) {
    double[] t = values;
    if (!slope.isEmpty()) {
      t = slopes;
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
      forEachRun((start, end, c) -> doubles.mapRun(values, start, end, map, c, out));
    }
  }

  private void forEachRun(RunBody body) {
    int c = view.channelOf(from);
    int end = Math.min(to - from, view.inner() - from % view.inner());
    for (int start = 0; start < to - from; ) {
      body.accept(start, end, c);
      start = end;
      end = Math.min(to - from, end + view.inner());
      c = c + 1 == view.channels() ? 0 : c + 1;
    }
  }

  private interface RunBody {
    void accept(int start, int end, int channel);
  }
}
