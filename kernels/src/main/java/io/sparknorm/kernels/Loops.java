package io.sparknorm.kernels;

/**
 * The loops over one record's tensor: everything that touches every element. Callers check shapes
 * first; loops trust them. Arithmetic is in double precision and each result is rounded once.
 *
 * <p>The order of additions depends on the view alone, not on the implementation, so that all of
 * them give the same bits: where a slice's elements are neighbours (inner above 1), element i of
 * each run is added to partial sum {@code i mod 8}, and the eight are added as a tree; where they
 * are not, a slice has one sum.
 */
interface Loops {
  /** The fastest implementation that this Java virtual machine runs. */
  static Loops best() {
    return ScalarLoops.INSTANCE;
  }

  void moments(float[] x, TensorView slices, SliceMoments into);

  void moments(double[] x, TensorView slices, SliceMoments into);

  /** As {@code moments}, without the elements that are NaN. */
  void presentMoments(float[] x, TensorView slices, SliceMoments into);

  void presentMoments(double[] x, TensorView slices, SliceMoments into);

  void squares(float[] x, TensorView slices, SliceMoments into);

  void squares(double[] x, TensorView slices, SliceMoments into);

  /** As {@code squares}, without the elements that are NaN. */
  void presentSquares(float[] x, TensorView slices, SliceMoments into);

  void presentSquares(double[] x, TensorView slices, SliceMoments into);

  void map(float[] x, TensorView view, ShiftScale map, float[] out);

  void map(double[] x, TensorView view, ShiftScale map, double[] out);

  void map(float[] x, TensorView view, Gate map, float[] out);

  void map(double[] x, TensorView view, Gate map, double[] out);

  void map(float[] x, TensorView view, MaxDivision map, float[] out);

  void map(double[] x, TensorView view, MaxDivision map, double[] out);

  void map(float[] x, BlockScale map, float[] out);

  void map(double[] x, BlockScale map, double[] out);
}
