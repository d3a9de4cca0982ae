package io.sparknorm.kernels;

/**
 * The loops over one record: everything that touches every element. Callers check shapes first;
 * loops trust them. Arithmetic is in double precision, without fused steps, and each result is
 * rounded once.
 *
 * <p>The order of operations is fixed, so that every implementation gives the same bits on every
 * machine. A <em>run</em> is a stretch of neighbouring elements of one channel or slice. Whole
 * sixteens of it go to sixteen partial sums in turn, element i to sum {@code i mod 16}; those eight
 * apart are added, and the rest goes to the eight sums in turn. A <em>row</em> has one element per
 * sum: element i goes to sum i.
 *
 * @param <A> the array of the elements, {@code float[]} or {@code double[]}
 */
interface Loops<A> {
  /** How many partial sums a run leaves. */
  int LANES = 8;

  /** How many elements are added in turn, so that additions need not wait for each other. */
  int STEP = 2 * LANES;

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

  /**
   * Adds the deviations from a value for each position, and their squares, of rows that take up the
   * elements between two positions, each as long as there are values.
   */
  void addRowDeviations(A x, int from, int to, double[] values, double[] sums, double[] squares);

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

  /** Maps the positions from first to last of block k, which starts at {@code from}. */
  void mapBlock(A x, int from, BlockScale map, int k, int first, int last, A out);

  /**
   * Sets {@code y[i] = x[i] / (1 + exp(-t[i]))}, as exactly as the elements need it, for the first
   * n elements; t is not infinite, and where it is NaN, x is too.
   */
  void gate(double[] x, double[] t, int n, double[] y);

  /** Copies the elements between two positions to the beginning of values. */
  void widen(A x, int from, int to, double[] values);

  /** Rounds the first values into the elements between two positions. */
  void narrow(double[] values, int from, int to, A out);
}
