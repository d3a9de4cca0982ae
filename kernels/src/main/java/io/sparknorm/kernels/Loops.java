package io.sparknorm.kernels;

/**
 * The loops over one record: everything that touches every element. Callers check shapes first;
 * loops trust them. Arithmetic is in double precision, without fused steps, and each result is
 * rounded once.
 *
 * <p>The order of operations is fixed, so that every implementation gives the same bits on every
 * machine. A <em>run</em> is a stretch of neighbouring elements of one channel or slice, which go
 * to eight partial sums in turn: element i to sum {@code i mod 8}. A <em>row</em> has one element
 * per sum: element i goes to sum i, of a row of the first half and of one of the second in turn, an
 * odd row last.
 *
 * @param <A> the array of the elements, {@code float[]} or {@code double[]}
 */
interface Loops<A> {
  /** How many partial sums a run leaves. */
  int LANES = 8;

  double get(A x, int i);

  /** Whether any element is NaN or infinite. */
  boolean anyNonFinite(A x);

  /** The extremes of such elements in the first bytes of an array, as many bytes as given. */
  Extremes extremes(byte[] bytes, int length);

  /**
   * By how much squared deviations from another value may outweigh those from the mean, which are
   * found from them: as much as costs no digit of a result.
   */
  double lossLimit();

  /**
   * Sets the partial sums, from a position, of a run's deviations from a value and their squares.
   */
  void sumDeviations(A x, int from, int to, double value, double[] sums, double[] squares, int at);

  /** How many runs {@link #sumDeviationsTogether} takes. */
  default int together() {
    return 1;
  }

  /**
   * As {@link #sumDeviations}, of several runs of a length, the partial sums of each after those of
   * the one before. Memory has the elements of several places sooner than as many of one, which
   * shows where they are small.
   *
   * @param from where the first run starts
   * @param value the position of its value among all values
   * @param apart how many runs each one is after the one before, and its value after that one's
   */
  default void sumDeviationsTogether(
      A x,
      int from,
      int length,
      int apart,
      double[] values,
      int value,
      double[] sums,
      double[] squares,
      int at) {
    sumDeviations(x, from, from + length, values[value], sums, squares, at);
  }

  /**
   * Adds the deviations from a value for each position, and their squares, of rows that take up the
   * elements between two positions, each as long as there are values.
   */
  void addRowDeviations(A x, int from, int to, double[] values, double[] sums, double[] squares);

  /** How many of some elements are in the rows of the first half, without an odd last row. */
  static int halfOfRows(int elements, int row) {
    return elements / row / 2 * row;
  }

  /** Adds to every slice's count and sum its elements, from a position, that are not NaN. */
  void addPresent(A x, int from, TensorView slices, int[] counts, double[] sums);

  /** As {@link #addRowDeviations}, of the elements that are not NaN, each slice with one sum. */
  void addPresentDeviations(
      A x, int from, TensorView slices, double[] means, double[] sums, double[] squares);

  /** Maps neighbouring runs of a length, the first of channel c, the next of channel c + 1. */
  void mapRuns(A x, int from, int runs, int length, ShiftScale map, int c, A out);

  /** Maps rows of one element per channel that take up the elements between two positions. */
  void mapRows(A x, int from, int to, ShiftScale map, A out);

  /** As {@link #mapRuns(Object, int, int, int, ShiftScale, int, Object)}. */
  void mapRuns(A x, int from, int runs, int length, MaxDivision map, int c, A out);

  /** As {@link #mapRows(Object, int, int, ShiftScale, Object)}. */
  void mapRows(A x, int from, int to, MaxDivision map, A out);

  /** As {@link #mapRuns(Object, int, int, int, ShiftScale, int, Object)}. */
  void mapRuns(A x, int from, int runs, int length, GatedScale map, int c, A out);

  /** As {@link #mapRows(Object, int, int, ShiftScale, Object)}. */
  void mapRows(A x, int from, int to, GatedScale map, A out);

  /** Maps block k, which starts at {@code from}. */
  void mapBlock(A x, int from, BlockScale map, int k, A out);

  /** Maps all blocks of a map, the first of which starts at {@code from}. */
  default void mapBlocks(A x, int from, BlockScale map, A out) {
    int block = map.weight().length;
    for (int k = 0; k < map.scale().length; k++) {
      mapBlock(x, from + k * block, map, k, out);
    }
  }

  /**
   * Sets {@code y[i] = x[i] / (1 + exp(-t[i]))}, as exactly as the elements need it, for the first
   * n elements.
   */
  void gate(double[] x, double[] t, int n, double[] y);

  /** Copies the elements between two positions to the beginning of values. */
  void widen(A x, int from, int to, double[] values);

  /** Rounds the first values into the elements between two positions. */
  void narrow(double[] values, int from, int to, A out);
}
