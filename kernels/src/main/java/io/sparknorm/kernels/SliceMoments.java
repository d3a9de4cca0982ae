package io.sparknorm.kernels;

/**
 * Per slice of one record: the count, the mean as a sum of two doubles, and the sum of squared
 * deviations from it (or from zero, with a mean of zero). Filled by {@link Loops}.
 */
final class SliceMoments {
  final int[] count;
  final double[] mean;
  final double[] meanLow;
  final double[] squares;

  SliceMoments(int slices) {
    count = new int[slices];
    mean = new double[slices];
    meanLow = new double[slices];
    squares = new double[slices];
  }

  /**
   * Corrects the mean and the squared deviations of a slice, given the sum of deviations from the
   * rounded mean in place of {@code meanLow}.
   */
  void settle(int slice, int n) {
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
