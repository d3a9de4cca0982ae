package io.sparknorm.kernels;

/**
 * The loops over one record: everything that touches every element. Callers check shapes first;
 * loops trust them. Arithmetic is in double precision, without fused steps, and each result is
 * rounded once.
 *
 * <p>The order of operations is fixed, so that every implementation gives the same bits on every
 * machine. A <em>run</em> is a stretch of neighbouring elements of one channel or slice: element i
 * of it goes to partial sum {@code i mod 8}. A <em>row</em> has one element per sum: element i goes
 * to sum i.
 *
 * @param <A> the array of the elements, {@code float[]} or {@code double[]}
 */
interface Loops<A> {
  /** How many partial sums a run is spread over. */
  int LANES = 8;

  /** Adds a run to the eight partial sums from {@code sums[at]}. */
  void addRun(A x, int from, int to, double[] sums, int at);

  /** Adds a run's deviations from the mean, and their squares, to the partial sums from at. */
  void addDeviations(A x, int from, int to, double mean, double[] sums, double[] squares, int at);

  /** Adds rows, each as long as there are sums, that take up the elements before {@code to}. */
  void addRows(A x, int to, double[] sums);

  /** As {@link #addRows}, the deviations from each position's mean, and their squares. */
  void addRowDeviations(A x, int to, double[] means, double[] sums, double[] squares);

  /** Adds to every slice's count and mean the elements that are not NaN. */
  void addPresent(A x, TensorView slices, int[] counts, double[] sums);

  /** As {@link #addDeviations}, of the elements that are not NaN, each slice with one sum. */
  void addPresentDeviations(
      A x, TensorView slices, double[] means, double[] sums, double[] squares);

  /** Maps a run of channel c. */
  void mapRun(A x, int from, int to, ShiftScale map, int c, A out);

  /** Maps rows of one element per channel that take up the elements before {@code to}. */
  void mapRows(A x, int to, ShiftScale map, A out);

  /** As {@link #mapRun(Object, int, int, ShiftScale, int, Object)}. */
  void mapRun(A x, int from, int to, Gate map, int c, A out);

  /** As {@link #mapRows(Object, int, ShiftScale, Object)}. */
  void mapRows(A x, int to, Gate map, A out);

  /** As {@link #mapRun(Object, int, int, ShiftScale, int, Object)}. */
  void mapRun(A x, int from, int to, MaxDivision map, int c, A out);

  /** As {@link #mapRows(Object, int, ShiftScale, Object)}. */
  void mapRows(A x, int to, MaxDivision map, A out);

  /** Maps block k, which starts at {@code from}. */
  void mapBlock(A x, int from, BlockScale map, int k, A out);
}
