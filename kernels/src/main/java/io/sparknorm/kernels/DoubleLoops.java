package io.sparknorm.kernels;

/** What is done to doubles only: single precision goes through them for maps of many steps. */
interface DoubleLoops extends Loops<double[]> {
  /** As {@link #mapRun(Object, int, int, ShiftScale, int, Object)}. */
  void mapRun(double[] x, int from, int to, MaxDivision map, int c, double[] out);

  /** As {@link #mapRows(Object, int, ShiftScale, Object)}. */
  void mapRows(double[] x, int to, MaxDivision map, double[] out);
}
