package io.sparknorm.kernels;

/**
 * The batch-based half of the EvoNorm family (Liu, Brock, Simonyan and Le, "Evolving
 * Normalization-Activation Layers", 2020, table 1, and timm's {@code evo_norm.py}): {@code x /
 * max(sqrt(variance[c] + epsilon), other) * weight[c] + bias[c]}, where the variance is the
 * dataset's and the other operand is the record's own. The dataset's mean does not enter.
 *
 * @param variant which member of the family
 * @param epsilon inside every root; 1e-3 in timm's B0, 1e-5 with its authors
 * @param affine one weight and bias per channel
 * @param v the slope of B0, one per channel; none stands for 1
 * @param applyAct false leaves only the affine map
 */
public record EvoNormB(
    Variant variant, double epsilon, Affine affine, Coefficients v, boolean applyAct)
    implements DatasetNorm {
  /** The members of the family: what the dataset's deviation is compared with. */
  public enum Variant {
    /** {@code v * x + sqrt(variance of the record's channel + epsilon)}. */
    B0,
    /** {@code (x + 1) * sqrt(mean(x^2) + epsilon)}, the mean over the record's channel. */
    B1,
    /** {@code sqrt(mean(x^2) + epsilon) - x}, the mean over the record's channel. */
    B2
  }

  public EvoNormB {
    Denominator.insideSqrt(epsilon);
    if (variant != Variant.B0 && !v.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid v: %s (only the variant B0 has one)".formatted(v));
    }
  }

  /** The variant with epsilon 1e-5, v = 1 and no affine map. */
  public static EvoNormB of(Variant variant) {
    return new EvoNormB(variant, 1e-5, Affine.NONE, Coefficients.NONE, true);
  }

  /** Biased, whatever enters the running statistics. */
  @Override
  public Variance variance() {
    return Variance.BIASED;
  }

  /** As in timm: without the non-linear part nothing is divided and nothing is tracked. */
  @Override
  public boolean movesRunningStatistics() {
    return applyAct;
  }

  @Override
  public DatasetNorm filled(int channels) {
    Coefficients slopes = variant == Variant.B0 ? v.filled(1, channels) : v;
    return new EvoNormB(variant, epsilon, affine.filled(channels), slopes, applyAct);
  }

  @Override
  public Normalizer normalizer(TensorShape shape, Coefficients mean, Coefficients variance) {
    affine.checkSize(shape.channels(), "channel");
    v.checkSize("v", shape.channels(), "channel");
    DatasetNorm.checkStatistics(shape, mean, variance);
    return new Bound(shape, variance);
  }

  private final class Bound extends Normalizer {
    private static final long serialVersionUID = 1L;

    private final Denominator denominator = Denominator.insideSqrt(epsilon);
    private final double[] floor;
    private final double[] slope;
    private final double[] weight;
    private final double[] bias;

    Bound(TensorShape shape, Coefficients variance) {
      super(shape);
      int channels = shape.channels();
      this.floor = new double[channels];
      for (int c = 0; c < channels; c++) {
        floor[c] = denominator.of(variance.get(c));
      }

      this.slope = v.orElse(1, channels);
      this.weight = affine.weight().orElse(1, channels);
      this.bias = affine.bias().orElse(0, channels);
    }

    @Override
    void normalise(Tensor<?> tensor, TensorView view) {
      if (!applyAct) {
        tensor.map(0, view, ShiftScale.of(weight, bias), Activation.NONE);
        return;
      }

      SliceMoments moments =
          variant == Variant.B0 ? tensor.moments(0, view) : tensor.squares(0, view);
      double[] root = new double[view.channels()];
      for (int c = 0; c < root.length; c++) {
        root[c] = moments.root(c, denominator);
      }

      double[] line =
          switch (variant) {
            case B0 -> slope;
            case B1 -> root;
            case B2 -> Coefficients.NONE.orElse(-1, root.length);
          };
      tensor.map(0, view, new MaxDivision(floor, line, root, weight, bias), Activation.NONE);
    }
  }
}
