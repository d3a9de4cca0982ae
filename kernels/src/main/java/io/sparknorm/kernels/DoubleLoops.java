package io.sparknorm.kernels;

/**
 * What doubles can have done to them besides: the maps that take several steps for each element.
 * Single precision goes through doubles for these.
 */
interface DoubleLoops extends Loops<double[]> {
  /** Sets {@code y[i] = sigmoid(x[i])} for the first n elements; both may be the same array. */
  void sigmoid(double[] x, int n, double[] y);

  /** Multiplies the first n elements of x by those of y. */
  void multiply(double[] x, int n, double[] y);

  /** Replaces those of the first n elements that are below zero by zero. */
  void clampBelowZero(double[] x, int n);

  /** As {@link #mapRun(Object, int, int, ShiftScale, int, Object)}. */
  void mapRun(double[] x, int from, int to, MaxDivision map, int c, double[] out);

  /** As {@link #mapRows(Object, int, ShiftScale, Object)}. */
  void mapRows(double[] x, int to, MaxDivision map, double[] out);
}
