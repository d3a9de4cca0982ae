package io.sparknorm.kernels;

/**
 * The map {@code ((x - shift[k]) * scale[k] + offset[k]) * weight[i] + bias[i]} for position i of
 * contiguous block k; the blocks have the length of the weight.
 */
record BlockScale(double[] shift, double[] scale, double[] offset, double[] weight, double[] bias) {
  /** Standardises the blocks by their own moments. */
  static BlockScale of(
      SliceMoments blocks, Denominator denominator, double[] weight, double[] bias) {
    int n = blocks.count.length;
    BlockScale map = new BlockScale(blocks.mean, new double[n], new double[n], weight, bias);
    map.standardise(blocks, denominator);
    return map;
  }

  /** Standardises by moments, whose means these shifts are, that were taken anew. */
  void standardise(SliceMoments blocks, Denominator denominator) {
    for (int k = 0; k < scale.length; k++) {
      scale[k] = blocks.scale(k, denominator);
      offset[k] = -blocks.meanLow[k] * scale[k];
    }
  }
}
