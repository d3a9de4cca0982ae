package io.sparknorm.kernels;

/**
 * The map {@code ((x - shift[k]) * scale[k] + offset[k]) * weight[i] + bias[i]} for position i of
 * contiguous block k; the blocks have the length of the weight.
 */
record BlockScale(double[] shift, double[] scale, double[] offset, double[] weight, double[] bias) {
  /** Standardises the blocks by their own moments. */
  static BlockScale of(
      SliceMoments blocks, Denominator denominator, double[] weight, double[] bias) {
    double[] scale = new double[blocks.count.length];
    double[] offset = new double[scale.length];
    for (int k = 0; k < scale.length; k++) {
      scale[k] = blocks.scale(k, denominator);
      offset[k] = -blocks.meanLow[k] * scale[k];
    }

    return new BlockScale(blocks.mean, scale, offset, weight, bias);
  }
}
