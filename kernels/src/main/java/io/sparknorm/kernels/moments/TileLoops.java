package io.sparknorm.kernels.moments;

/**
 * The loops of the fast front: each adds rows of {@link #TILE} neighbouring values to as many
 * lanes. Row r begins at {@code from + r * stride}. Part p of lane l is {@code parts[p][l]}, and
 * with the values added {@code sums[p][l]}, in the same arrays or in others; {@link FloatFront} and
 * {@link DoubleFront} say what the parts are and when they are exact, which callers find out
 * afterwards. All implementations give the same bits.
 */
interface TileLoops {
  /** How many lanes are added to at a time. */
  int TILE = 32;

  /** The fastest implementation that this Java virtual machine runs. */
  static TileLoops best() {
    return TileLoopsProvider.BEST;
  }

  /**
   * Adds to parts Q1, Q2 and S, and keeps in {@code least} the smallest of what {@link
   * FloatFront#order} gives.
   */
  void add(
      float[] x, int from, int stride, int rows, double[][] parts, double[][] sums, int[] least);

  /**
   * Adds to parts Q1, Q2, E1, E2, S1 and S2, and keeps in {@code least} the smallest of what {@link
   * DoubleFront#order} gives.
   */
  void add(
      double[] x, int from, int stride, int rows, double[][] parts, double[][] sums, long[] least);

  /**
   * Whether, after an addition to a tile, every lane's Q1 has the exponent it had before, and its
   * smallest magnitude reaches its limit, the first of which is at {@code first}.
   */
  boolean allFit(double[] before, double[] after, int[] least, int[] limits, int first);

  /** As {@link #allFit(double[], double[], int[], int[], int)}. */
  boolean allFit(double[] before, double[] after, long[] least, long[] limits, int first);
}
