package io.sparknorm.kernels;

/**
 * Batch normalisation with given statistics: {@code (x - mean[c]) / sqrt(variance[c] + epsilon) *
 * weight[c] + bias[c]} (Ioffe and Szegedy, "Batch Normalization", 2015, algorithms 1 and 2; {@code
 * torch.nn.BatchNorm1d} and its kin).
 *
 * @param denominator biased variance with epsilon 1e-5 inside the root in PyTorch
 * @param affine one weight and bias per channel
 * @param activation applied last
 */
public record BatchNorm(Denominator denominator, Affine affine, Activation activation)
    implements DatasetNorm {
  /** Epsilon 1e-5, neither affine map nor activation. */
  public static final BatchNorm DEFAULT =
      new BatchNorm(Denominator.insideSqrt(1e-5), Affine.NONE, Activation.NONE);

  @Override
  public Variance variance() {
    return denominator.variance();
  }

  @Override
  public double epsilon() {
    return denominator.epsilon();
  }

  @Override
  public boolean movesRunningStatistics() {
    return true;
  }

  @Override
  public DatasetNorm filled(int channels) {
    return new BatchNorm(denominator, affine.filled(channels), activation);
  }

  @Override
  public Normalizer normalizer(TensorShape shape, Coefficients mean, Coefficients variance) {
    int channels = shape.channels();
    affine.checkSize(channels, "channel");
    DatasetNorm.checkStatistics(shape, mean, variance);
    double[] weight = affine.weight().orElse(1, channels);
    double[] scale = new double[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = denominator.scale(variance.get(c)) * weight[c];
    }

    ShiftScale map =
        new ShiftScale(mean.orElse(0, channels), scale, affine.bias().orElse(0, channels));
    return new Bound(shape, map, activation);
  }

  private static final class Bound extends Normalizer {
    private static final long serialVersionUID = 1L;

    private final ShiftScale map;
    private final Activation activation;

    Bound(TensorShape shape, ShiftScale map, Activation activation) {
      super(shape);
      this.map = map;
      this.activation = activation;
    }

    @Override
    void normalise(Tensor<?> tensor, TensorView view) {
      tensor.map(0, view, map, activation);
    }
  }
}
