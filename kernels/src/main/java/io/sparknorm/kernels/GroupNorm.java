package io.sparknorm.kernels;

/**
 * Group normalisation: every group of neighbouring channels of every record by its own mean and
 * variance (Wu and He, "Group Normalization", 2018, equation 7; {@code torch.nn.GroupNorm}).
 *
 * @param groups divides the number of channels; group g has channels {@code g * C / groups} to
 *     {@code (g + 1) * C / groups - 1}
 * @param denominator biased variance, epsilon inside the root: 1e-5 in PyTorch, 1e-6 in TF-Slim
 * @param affine one weight and bias per channel
 * @param activation applied last
 */
public record GroupNorm(int groups, Denominator denominator, Affine affine, Activation activation)
    implements RecordNorm {
  /** Epsilon 1e-5, neither affine map nor activation. */
  public static GroupNorm of(int groups) {
    return new GroupNorm(groups, Denominator.insideSqrt(1e-5), Affine.NONE, Activation.NONE);
  }

  @Override
  public Normalizer normalizer(TensorShape shape) {
    affine.checkSize(shape.channels(), "channel");
    checkGroups(groups, shape.channels());
    return new GroupwiseNormalizer(shape, groups, denominator, affine, activation);
  }

  static void checkGroups(int groups, int channels) {
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          "Invalid groups: %d (must divide the %d channels)".formatted(groups, channels));
    }
  }
}
