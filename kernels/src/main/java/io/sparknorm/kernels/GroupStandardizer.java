package io.sparknorm.kernels;

/** Instance and group normalisation: the affine map is by channel. */
class GroupStandardizer extends GroupwiseNormalizer {
  private static final long serialVersionUID = 1L;

  private final Denominator denominator;
  private final double[] weight;
  private final double[] bias;
  private final Activation activation;

  GroupStandardizer(
      TensorShape shape,
      int groups,
      Denominator denominator,
      Affine affine,
      Activation activation) {
    super(shape, groups);
    this.denominator = denominator;
    this.weight = affine.weight().orElse(1, shape.channels());
    this.bias = affine.bias().orElse(0, shape.channels());
    this.activation = activation;
  }

  @Override
  final void normalise(
      Tensor<?> tensor, int from, TensorView part, TensorView slices, int channel) {
    SliceMoments moments = tensor.moments(from, slices);
    int channels = part.channels();
    int perGroup = channels / slices.channels();
    double[] shift = new double[channels];
    double[] scale = new double[channels];
    double[] offset = new double[channels];
    for (int g = 0, c = 0; g < slices.channels(); g++) {
      double groupScale = moments.scale(g, denominator);
      for (int end = c + perGroup; c < end; c++) {
        shift[c] = moments.mean[g];
        scale[c] = groupScale * weight[channel + c];
        // A mean rounded to one double costs an ulp of the result where the deviation is small.
        offset[c] = bias[channel + c] - moments.meanLow[g] * scale[c];
      }
    }

    tensor.map(from, part, new ShiftScale(shift, scale, offset), activation);
  }
}
