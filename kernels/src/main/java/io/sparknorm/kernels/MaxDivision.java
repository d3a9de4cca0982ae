package io.sparknorm.kernels;

/**
 * The map {@code x / max(floor[c], slope[c] * x + offset[c]) * weight[c] + bias[c]}. A divisor of 0
 * gives the bias, not NaN: the slice has no variance and epsilon is 0.
 */
record MaxDivision(
    double[] floor, double[] slope, double[] offset, double[] weight, double[] bias) {}
