package io.sparknorm.kernels;

import java.util.Arrays;

/**
 * Per slice of one record: the count, the mean as a sum of two doubles, and the sum of squared
 * deviations from it (or from zero, with a mean of zero).
 *
 * <p>Deviations are taken from the slice's first element, and corrected by their own sum (Chan,
 * Golub and LeVeque, "Algorithms for Computing the Sample Variance", 1983, equation 1.7). That
 * element is no farther from the mean than sqrt(n) standard deviations, so that the correction
 * costs at most a factor of n + 1 in accuracy; where a result would show it, a second pass takes
 * the deviations from the mean found.
 *
 * <p>The order of additions depends on the view alone. Where a slice is in one piece, it has the
 * partial sums of {@link Loops}, added as a tree; where it is not, each position in the row of all
 * slices has a sum.
 */
final class SliceMoments {
  /** The elements that are taken together, while they are in the nearest cache. */
  private static final int NEAR = 4096;

  /** How many slices have their partial sums taken before the first ones are added up. */
  private static final int AHEAD = 32;

  private static final ThreadLocal<Partials> PARTIALS = ThreadLocal.withInitial(Partials::new);

  /** The partial sums of some slices. */
  private static final class Partials {
    final double[] sums = new double[AHEAD * Loops.LANES];
    final double[] squares = new double[AHEAD * Loops.LANES];
  }

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

  /** Takes mean and squared deviations; the channels of the view are the slices. */
  static <A> SliceMoments of(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    if (slices.channelLength() > 0) {
      for (int s = 0; s < slices.channels(); s++) {
        moments.mean[s] = loops.get(x, from + s * slices.inner());
      }

      if (inRuns(slices)) {
        moments.takeRuns(loops, x, from, slices);
      } else if (!moments.takeRows(loops, x, from, slices)) {
        moments.takeRows(loops, x, from, slices);
      }
    }

    return moments;
  }

  /** As {@link #of}, without the elements that are NaN. */
  static <A> SliceMoments ofPresent(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    double[] sums = new double[slices.channels()];
    double[] squares = new double[slices.channels()];
    loops.addPresent(x, from, slices, moments.count, moments.mean);
    for (int s = 0; s < slices.channels(); s++) {
      moments.mean[s] /= Math.max(1, moments.count[s]);
    }

    loops.addPresentDeviations(x, from, slices, moments.mean, sums, squares);
    for (int s = 0; s < slices.channels(); s++) {
      moments.settle(s, moments.count[s], sums[s], squares[s]);
    }

    return moments;
  }

  /** Takes the squares. */
  static <A> SliceMoments squares(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    int run = slices.inner();
    Arrays.fill(moments.count, slices.channelLength());
    if (inRuns(slices)) {
      Partials partials = PARTIALS.get();
      for (int s = 0, start = from; s < slices.channels(); s++, start += run) {
        loops.sumDeviations(x, start, start + run, 0, partials.sums, partials.squares, 0);
        moments.squares[s] = total(partials.squares, 0);
      }
    } else {
      int row = slices.channels() * run;
      double[] squares = new double[row];
      int to = from + slices.length();
      loops.addRowDeviations(x, from, to, new double[row], new double[row], squares);
      for (int s = 0; s < slices.channels(); s++) {
        moments.squares[s] = total(squares, s * run, run);
      }
    }

    return moments;
  }

  /** As {@link #squares}, without the elements that are NaN. */
  static <A> SliceMoments squaresOfPresent(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    double[] zeros = new double[slices.channels()];
    double[] sums = new double[slices.channels()];
    loops.addPresent(x, from, slices, moments.count, sums);
    loops.addPresentDeviations(x, from, slices, zeros, sums, moments.squares);
    return moments;
  }

  private static boolean inRuns(TensorView slices) {
    return slices.outer() == 1 && slices.inner() != 1;
  }

  private <A> void takeRuns(Loops<A> loops, A x, int from, TensorView slices) {
    Partials partials = PARTIALS.get();
    // Several at a time, if they are near: a sum just stored takes a while to be there for another.
    int ahead = Math.max(1, Math.min(AHEAD, NEAR / slices.inner()));
    for (int first = 0; first < mean.length; first += ahead) {
      int last = Math.min(first + ahead, mean.length);
      if (!takeRuns(loops, x, from, slices.inner(), first, last, partials)) {
        takeRuns(loops, x, from, slices.inner(), first, last, partials);
      }
    }
  }

  /** Returns whether there is no need to do it again from the means. */
  private <A> boolean takeRuns(
      Loops<A> loops, A x, int from, int run, int first, int last, Partials partials) {
    for (int s = first, at = 0; s < last; s++, at += Loops.LANES) {
      int start = from + s * run;
      loops.sumDeviations(x, start, start + run, mean[s], partials.sums, partials.squares, at);
    }

    boolean settled = true;
    for (int s = first, at = 0; s < last; s++, at += Loops.LANES) {
      double square = total(partials.squares, at);
      settle(s, run, total(partials.sums, at), square);
      settled &= square <= loops.lossLimit() * squares[s];
    }

    return settled;
  }

  /** Returns whether there is no need to do it again from the means. */
  private <A> boolean takeRows(Loops<A> loops, A x, int from, TensorView slices) {
    int run = slices.inner();
    double[] values = new double[mean.length * run];
    double[] sums = new double[values.length];
    double[] squaredSums = new double[values.length];
    for (int s = 0; s < mean.length; s++) {
      Arrays.fill(values, s * run, (s + 1) * run, mean[s]);
    }

    loops.addRowDeviations(x, from, from + slices.length(), values, sums, squaredSums);
    boolean settled = true;
    for (int s = 0; s < mean.length; s++) {
      double square = total(squaredSums, s * run, run);
      settle(s, slices.channelLength(), total(sums, s * run, run), square);
      settled &= square <= loops.lossLimit() * squares[s];
    }

    return settled;
  }

  /** The sum of the partial sums of a run, always by the same tree. */
  private static double total(double[] sums, int at) {
    return ((sums[at] + sums[at + 4]) + (sums[at + 2] + sums[at + 6]))
        + ((sums[at + 1] + sums[at + 5]) + (sums[at + 3] + sums[at + 7]));
  }

  private static double total(double[] row, int from, int length) {
    double total = row[from];
    for (int i = from + 1; i < from + length; i++) {
      total += row[i];
    }

    return total;
  }

  /**
   * Finds mean and squared deviations of a slice, given the sums of the deviations, and of their
   * squares, from the value that stands in place of the mean.
   */
  private void settle(int slice, int n, double sum, double square) {
    count[slice] = n;
    if (n > 0) {
      double value = mean[slice];
      double residue = sum / n;
      double rounded = value + residue;
      double added = rounded - value;
      mean[slice] = rounded;
      meanLow[slice] = (value - (rounded - added)) + (residue - added);
      squares[slice] = Math.max(0, square - sum * residue);
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
