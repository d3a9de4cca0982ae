package io.sparknorm.kernels;

/**
 * Instance and group normalisation: slices are groups of channels, the affine map is by channel.
 */
class GroupwiseNormalizer extends Normalizer {
  private static final long serialVersionUID = 1L;

  private final int groups;
  private final Denominator denominator;
  private final double[] weight;
  private final double[] bias;
  private final Activation activation;

  GroupwiseNormalizer(
      TensorShape shape,
      int groups,
      Denominator denominator,
      Affine affine,
      Activation activation) {
    super(shape);
    this.groups = groups;
    this.denominator = denominator;
    this.weight = affine.weight().orElse(1, shape.channels());
    this.bias = affine.bias().orElse(0, shape.channels());
    this.activation = activation;
  }

  @Override
  void normalise(Tensor<?> tensor, TensorView view) {
    Tensor.inParts(view, groups, (from, part, first) -> normalise(tensor, from, part, first));
  }

  private void normalise(Tensor<?> tensor, int from, TensorView part, int first) {
    int channels = part.channels();
    int perGroup = shape().channels() / groups;
    SliceMoments moments = tensor.moments(from, part.grouped(channels / perGroup));
    double[] shift = new double[channels];
    double[] scale = new double[channels];
    double[] offset = new double[channels];
    for (int g = 0, c = 0; c < channels; g++) {
      double groupScale = moments.scale(g, denominator);
      for (int end = c + perGroup; c < end; c++) {
        shift[c] = moments.mean[g];
        scale[c] = groupScale * weight[first + c];
        // A mean rounded to one double costs an ulp of the result where the deviation is small.
        offset[c] = bias[first + c] - moments.meanLow[g] * scale[c];
      }
    }

    tensor.map(from, part, new ShiftScale(shift, scale, offset), activation);
  }
}
