package io.sparknorm.kernels;

/**
 * The map {@code activation((x - shift[k] - shiftLow[k]) * scale[k] * weight[i] + bias[i])} for
 * position i of contiguous block k; the blocks have the length of the weight.
 */
record BlockScale(
    double[] shift,
    double[] shiftLow,
    double[] scale,
    double[] weight,
    double[] bias,
    Activation activation) {
  /** Standardises the blocks by their own moments. */
  static BlockScale of(
      SliceMoments blocks,
      Denominator denominator,
      double[] weight,
      double[] bias,
      Activation activation) {
    double[] scale = new double[blocks.count.length];
    for (int k = 0; k < scale.length; k++) {
      scale[k] = blocks.scale(k, denominator);
    }

    return new BlockScale(blocks.mean, blocks.meanLow, scale, weight, bias, activation);
  }
}
