package io.sparknorm.kernels;

/** The map {@code x / max(floor[c], slope[c] * x + offset[c]) * weight[c] + bias[c]}. */
record MaxDivision(
    double[] floor, double[] slope, double[] offset, double[] weight, double[] bias) {
  /** 0, not NaN, is divided by nothing: the slice has no variance and epsilon is 0. */
  double of(double x, int c) {
    double divisor = Math.max(floor[c], slope[c] * x + offset[c]);
    return x * Denominator.reciprocal(divisor) * weight[c] + bias[c];
  }
}
