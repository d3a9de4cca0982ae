package io.sparknorm.kernels;

/**
 * Instance normalisation: every channel of every record by its own mean and variance (Ulyanov,
 * Vedaldi and Lempitsky, "Instance Normalization", 2016; {@code torch.nn.InstanceNorm2d} and its
 * kin, which refuse a single value per channel, as this does).
 *
 * @param denominator biased variance, epsilon inside the root: 1e-5 in PyTorch, 1e-6 in TF-Slim
 * @param affine one weight and bias per channel
 * @param activation applied last
 */
public record InstanceNorm(Denominator denominator, Affine affine, Activation activation)
    implements RecordNorm {
  /** Epsilon 1e-5, neither affine map nor activation. */
  public static final InstanceNorm DEFAULT =
      new InstanceNorm(Denominator.insideSqrt(1e-5), Affine.NONE, Activation.NONE);

  /** The map for evaluation with running statistics in place of each record's own. */
  public BatchNorm withRunningStatistics() {
    return new BatchNorm(denominator, affine, activation);
  }

  @Override
  public Normalizer normalizer(TensorShape shape) {
    affine.checkSize(shape.channels(), "channel");
    if (!shape.isVariable()) {
      checkChannelLength(shape.fixedLength() / shape.channels());
    }

    return new Bound(shape);
  }

  private static void checkChannelLength(int length) {
    if (length == 1) {
      throw new IllegalArgumentException(
          "Cannot apply instance-norm: each channel of a record has a single value (at least 2 are"
              + " needed; for plain feature vectors use layer-norm or batch-norm)");
    }
  }

  private final class Bound extends GroupwiseNormalizer {
    private static final long serialVersionUID = 1L;

    Bound(TensorShape shape) {
      super(shape, shape.channels(), denominator, affine, activation);
    }

    @Override
    void normalise(Tensor<?> tensor, TensorView view) {
      checkChannelLength(view.channelLength());
      super.normalise(tensor, view);
    }
  }
}
