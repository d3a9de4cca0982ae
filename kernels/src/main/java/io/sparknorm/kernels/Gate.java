package io.sparknorm.kernels;

/** The map {@code x * sigmoid(slope[c] * x) * scale[c] + bias[c]}. */
record Gate(double[] slope, double[] scale, double[] bias) {}
