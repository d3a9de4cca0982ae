package io.sparknorm.kernels;

import java.util.Arrays;

/**
 * Per slice of one record: the count, the mean as a sum of two doubles, and the sum of squared
 * deviations from it (or from zero, with a mean of zero).
 *
 * <p>The order of additions depends on the view alone. Where a slice's elements are neighbours
 * (inner above 1), each slice has the eight partial sums of {@link Loops}, added as a tree; where
 * they are not, a slice has one sum.
 */
final class SliceMoments {
  final int[] count;
  final double[] mean;
  final double[] meanLow;
  final double[] squares;

  private SliceMoments(int slices) {
    count = new int[slices];
    mean = new double[slices];
    meanLow = new double[slices];
    squares = new double[slices];
  }

  /** Takes mean and squared deviations; the view's channels are the slices. */
  static <A> SliceMoments of(Loops<A> loops, A x, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    if (inRows(slices)) {
      moments.addRowDeviations(loops, x, slices, moments.rowMeans(loops, x, slices));
    } else {
      int step = sliceStep(slices);
      double[] sums = new double[step * Loops.LANES];
      double[] squares = new double[step * Loops.LANES];
      for (int s = 0; s < slices.channels(); s += step) {
        moments.takeMeans(loops, x, slices, s, sums);
        moments.addDeviations(loops, x, slices, s, sums, squares);
      }
    }

    for (int s = 0; s < slices.channels(); s++) {
      moments.settle(s, slices.channelLength());
    }

    return moments;
  }

  /** As {@link #of}, without the elements that are NaN. */
  static <A> SliceMoments ofPresent(Loops<A> loops, A x, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    loops.addPresent(x, slices, moments.count, moments.mean);
    for (int s = 0; s < slices.channels(); s++) {
      moments.mean[s] /= Math.max(1, moments.count[s]);
    }

    loops.addPresentDeviations(x, slices, moments.mean, moments.meanLow, moments.squares);
    for (int s = 0; s < slices.channels(); s++) {
      moments.settle(s, moments.count[s]);
    }

    return moments;
  }

  /** Takes the squares. */
  static <A> SliceMoments squares(Loops<A> loops, A x, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    Arrays.fill(moments.count, slices.channelLength());
    if (inRows(slices)) {
      double[] zeros = new double[slices.channels() * slices.inner()];
      moments.addRowDeviations(loops, x, slices, zeros);
    } else {
      int step = sliceStep(slices);
      double[] sums = new double[step * Loops.LANES];
      double[] squares = new double[step * Loops.LANES];
      for (int s = 0; s < slices.channels(); s += step) {
        moments.addDeviations(loops, x, slices, s, sums, squares);
      }
    }

    Arrays.fill(moments.meanLow, 0);
    return moments;
  }

  /** As {@link #squares}, without the elements that are NaN. */
  static <A> SliceMoments squaresOfPresent(Loops<A> loops, A x, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    loops.addPresent(x, slices, moments.count, moments.mean);
    Arrays.fill(moments.mean, 0);
    loops.addPresentDeviations(x, slices, moments.mean, moments.meanLow, moments.squares);
    Arrays.fill(moments.meanLow, 0);
    return moments;
  }

  /**
   * Whether each position in the row of all slices can have its own sum: a short run's elements all
   * go to different partial sums, so the row is one loop instead of many short ones.
   */
  private static boolean inRows(TensorView slices) {
    return slices.inner() == 1 || (slices.outer() > 1 && slices.inner() <= Loops.LANES);
  }

  /**
   * How many slices are taken together: one, while it is in the cache, if it is in one piece; else
   * all, in the order in which their pieces stand in memory.
   */
  private static int sliceStep(TensorView slices) {
    return slices.outer() == 1 ? 1 : slices.channels();
  }

  /** Takes the means, and returns them by position in the row. */
  private <A> double[] rowMeans(Loops<A> loops, A x, TensorView slices) {
    int run = slices.inner();
    double[] row = new double[slices.channels() * run];
    loops.addRows(x, slices.length(), row);
    for (int s = 0; s < mean.length; s++) {
      mean[s] = total(row, s * run, run) / slices.channelLength();
      Arrays.fill(row, s * run, (s + 1) * run, mean[s]);
    }

    return row;
  }

  private <A> void addRowDeviations(Loops<A> loops, A x, TensorView slices, double[] rowMeans) {
    int run = slices.inner();
    double[] rowSums = new double[rowMeans.length];
    double[] rowSquares = new double[rowMeans.length];
    loops.addRowDeviations(x, slices.length(), rowMeans, rowSums, rowSquares);
    for (int s = 0; s < mean.length; s++) {
      meanLow[s] = total(rowSums, s * run, run);
      squares[s] = total(rowSquares, s * run, run);
    }
  }

  /** Takes the means of as many slices as there are partial sums for. */
  private <A> void takeMeans(Loops<A> loops, A x, TensorView slices, int first, double[] sums) {
    int run = slices.inner();
    Arrays.fill(sums, 0);
    for (int o = 0; o < slices.outer(); o++) {
      int from = (o * slices.channels() + first) * run;
      for (int at = 0; at < sums.length; at += Loops.LANES) {
        loops.addRun(x, from, from + run, sums, at);
        from += run;
      }
    }

    for (int at = 0, s = first; at < sums.length; at += Loops.LANES, s++) {
      mean[s] = total(sums, at, Loops.LANES) / slices.channelLength();
    }
  }

  /** Adds deviations from the means of as many slices as there are partial sums for. */
  private <A> void addDeviations(
      Loops<A> loops, A x, TensorView slices, int first, double[] sums, double[] squaredSums) {
    int run = slices.inner();
    Arrays.fill(sums, 0);
    Arrays.fill(squaredSums, 0);
    for (int o = 0; o < slices.outer(); o++) {
      int from = (o * slices.channels() + first) * run;
      for (int at = 0, s = first; at < sums.length; at += Loops.LANES, s++) {
        loops.addDeviations(x, from, from + run, mean[s], sums, squaredSums, at);
        from += run;
      }
    }

    for (int at = 0, s = first; at < sums.length; at += Loops.LANES, s++) {
      meanLow[s] = total(sums, at, Loops.LANES);
      squares[s] = total(squaredSums, at, Loops.LANES);
    }
  }

  /** The sum of up to eight partial sums, always by the same tree. */
  private static double total(double[] sums, int at, int lanes) {
    if (lanes == 1) {
      return sums[at];
    }

    return ((lane(sums, at, 0, lanes) + lane(sums, at, 4, lanes))
            + (lane(sums, at, 2, lanes) + lane(sums, at, 6, lanes)))
        + ((lane(sums, at, 1, lanes) + lane(sums, at, 5, lanes))
            + (lane(sums, at, 3, lanes) + lane(sums, at, 7, lanes)));
  }

  private static double lane(double[] sums, int at, int lane, int lanes) {
    return lane < lanes ? sums[at + lane] : 0;
  }

  /**
   * Corrects the mean and the squared deviations of a slice, given the sum of deviations from the
   * rounded mean in place of {@code meanLow}.
   */
  private void settle(int slice, int n) {
    count[slice] = n;
    if (n > 0) {
      double residue = meanLow[slice];
      meanLow[slice] = residue / n;
      squares[slice] = Math.max(0, squares[slice] - residue * meanLow[slice]);
    }
  }

  /** What the slice is divided by. */
  double root(int slice, Denominator denominator) {
    return denominator.of(denominator.variance().of(squares[slice], count[slice]));
  }

  /** What the slice is multiplied by; 1 for a slice without values. */
  double scale(int slice, Denominator denominator) {
    return count[slice] == 0 ? 1 : Denominator.reciprocal(root(slice, denominator));
  }
}
