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
  private static final int NEAR = 1024;

  /**
   * How many slices have their partial sums taken before the first ones are added up, if they are
   * near: a sum just stored takes a while to be there for another.
   */
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

  /** Whether the squares are about the mean, and not about zero. */
  private final boolean aboutMean;

  private SliceMoments(int slices, boolean aboutMean) {
    this.aboutMean = aboutMean;
    count = new int[slices];
    mean = new double[slices];
    meanLow = new double[slices];
    squares = new double[slices];
  }

  /** Takes mean and squared deviations; the channels of the view are the slices. */
  static <A> SliceMoments of(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels(), true);
    moments.take(loops, x, from, slices);
    return moments;
  }

  /** As {@link #of}, without the elements that are NaN. */
  static <A> SliceMoments ofPresent(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels(), true);
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
    SliceMoments moments = new SliceMoments(slices.channels(), false);
    moments.take(loops, x, from, slices);
    return moments;
  }

  /** As {@link #squares}, without the elements that are NaN. */
  static <A> SliceMoments squaresOfPresent(Loops<A> loops, A x, int from, TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels(), false);
    double[] zeros = new double[slices.channels()];
    double[] sums = new double[slices.channels()];
    loops.addPresent(x, from, slices, moments.count, sums);
    loops.addPresentDeviations(x, from, slices, zeros, sums, moments.squares);
    return moments;
  }

  /** Takes the moments of as many other slices, of any length but 0, in place of those before. */
  <A> void take(Loops<A> loops, A x, int from, TensorView slices) {
    if (aboutMean && slices.channelLength() == 0) {
      return;
    }

    if (slices.outer() == 1 && slices.inner() != 1) {
      takeRuns(loops, x, from, slices);
    } else if (!aboutMean) {
      takeSquaresOfRows(loops, x, from, slices);
    } else {
      for (int s = 0; s < slices.channels(); s++) {
        start(loops, x, from, slices.inner(), s);
      }

      if (!takeRows(loops, x, from, slices)) {
        takeRows(loops, x, from, slices);
      }
    }
  }

  private <A> void takeRuns(Loops<A> loops, A x, int from, TensorView slices) {
    int run = slices.inner();
    int together = loops.together();
    int apart = mean.length / together;
    int near = NEAR / together / Math.max(1, run);
    int step = Math.max(1, Math.min(near, AHEAD / together));
    Partials partials = PARTIALS.get();
    for (int first = 0; first < apart; first += step) {
      int last = Math.min(first + step, apart);
      for (int s = first, at = 0; s < last; s++, at += together * Loops.LANES) {
        for (int t = 0; t < together; t++) {
          start(loops, x, from, run, s + t * apart);
        }

        loops.sumDeviationsTogether(
            x, from + s * run, run, apart, mean, s, partials.sums, partials.squares, at);
      }

      for (int s = first, at = 0; s < last; s++) {
        for (int t = 0; t < together; t++, at += Loops.LANES) {
          settleRun(loops, x, from, run, s + t * apart, partials, at);
        }
      }
    }

    for (int s = apart * together; s < mean.length; s++) {
      start(loops, x, from, run, s);
      sumRun(loops, x, from, run, s, partials);
      settleRun(loops, x, from, run, s, partials, 0);
    }
  }

  /**
   * Has deviations taken from a slice's first element. Runs have theirs read as their turn comes:
   * each is a wait for memory of its own, if read before any other elements.
   */
  private <A> void start(Loops<A> loops, A x, int from, int run, int slice) {
    if (aboutMean) {
      mean[slice] = loops.get(x, from + slice * run);
    }
  }

  private <A> void sumRun(Loops<A> loops, A x, int from, int run, int slice, Partials partials) {
    int start = from + slice * run;
    loops.sumDeviations(x, start, start + run, mean[slice], partials.sums, partials.squares, 0);
  }

  /** Settles a slice whose partial sums start at a position, once more from its mean if need be. */
  private <A> void settleRun(
      Loops<A> loops, A x, int from, int run, int slice, Partials partials, int at) {
    double square = total(partials.squares, at);
    settle(slice, run, aboutMean ? total(partials.sums, at) : 0, square);
    if (aboutMean && !(square <= loops.lossLimit() * squares[slice])) {
      sumRun(loops, x, from, run, slice, partials); // in place of the first sums, long settled
      settle(slice, run, total(partials.sums, 0), total(partials.squares, 0));
    }
  }

  private <A> void takeSquaresOfRows(Loops<A> loops, A x, int from, TensorView slices) {
    Arrays.fill(count, slices.channelLength());
    int run = slices.inner();
    int row = slices.channels() * run;
    double[] sums = new double[row];
    loops.addRowDeviations(x, from, from + slices.length(), new double[row], new double[row], sums);
    for (int s = 0; s < slices.channels(); s++) {
      squares[s] = total(sums, s * run, run);
    }
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
