package io.sparknorm.kernels;

import java.io.Serializable;

/**
 * The map {@code activation((x - shift[c] - shiftLow[c]) * scale[c] + bias[c])}. The shift is a sum
 * of two doubles: a mean rounded to one of them costs an ulp of the result where the deviation is
 * small beside it.
 */
record ShiftScale(
    double[] shift, double[] shiftLow, double[] scale, double[] bias, Activation activation)
    implements Serializable {}
