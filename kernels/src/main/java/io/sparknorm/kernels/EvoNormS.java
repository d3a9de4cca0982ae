package io.sparknorm.kernels;

/**
 * The sample-based half of the EvoNorm family (Liu, Brock, Simonyan and Le, "Evolving
 * Normalization-Activation Layers", 2020, table 1, and timm's {@code evo_norm.py} for the
 * variants): {@code x * gate(x) / d * weight[c] + bias[c]}, where d belongs to the record's group
 * of channels. The mean is not subtracted.
 *
 * @param variant which member of the family
 * @param groups divides the number of channels
 * @param epsilon inside the root
 * @param affine one weight and bias per channel
 * @param v the gate's slope, one per channel, for S0 and S0a; none stands for 1
 * @param applyAct false leaves the gate out, and for the variants without an a also the division
 */
public record EvoNormS(
    Variant variant, int groups, double epsilon, Affine affine, Coefficients v, boolean applyAct)
    implements RecordNorm {
  /** The members of the family: what gates x, and what divides it. */
  public enum Variant {
    /** {@code x * sigmoid(v * x) / sqrt(variance + epsilon)}, the biased variance of the group. */
    S0,
    /** S0, dividing even without the gate; epsilon 1e-3 in timm. */
    S0A,
    /** {@code x * sigmoid(x) / sqrt(variance + epsilon)}. */
    S1,
    /** S1, dividing even without the gate; epsilon 1e-3 in timm. */
    S1A,
    /** {@code x * sigmoid(x) / sqrt(mean(x^2) + epsilon)}. */
    S2,
    /** S2, dividing even without the gate; epsilon 1e-3 in timm. */
    S2A;

    /** The epsilon that the reference implementations use. */
    public double defaultEpsilon() {
      return alwaysDivides() ? 1e-3 : 1e-5;
    }

    public boolean hasSlope() {
      return this == S0 || this == S0A;
    }

    private boolean alwaysDivides() {
      return this == S0A || this == S1A || this == S2A;
    }

    private boolean dividesByRootMeanSquare() {
      return this == S2 || this == S2A;
    }
  }

  public EvoNormS {
    Denominator.insideSqrt(epsilon);
    if (!variant.hasSlope() && !v.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid v: %s (only the variants S0 and S0a have one)".formatted(v));
    }
  }

  /** The variant with its default epsilon, v = 1 and no affine map. */
  public static EvoNormS of(Variant variant, int groups) {
    return new EvoNormS(
        variant, groups, variant.defaultEpsilon(), Affine.NONE, Coefficients.NONE, true);
  }

  @Override
  public Normalizer normalizer(TensorShape shape) {
    affine.checkSize(shape.channels(), "channel");
    v.checkSize("v", shape.channels(), "channel");
    GroupNorm.checkGroups(groups, shape.channels());
    return new Bound(shape);
  }

  private final class Bound extends Normalizer {
    private static final long serialVersionUID = 1L;

    private final Denominator denominator = Denominator.insideSqrt(epsilon);
    private final double[] slope;
    private final double[] weight;
    private final double[] bias;

    Bound(TensorShape shape) {
      super(shape);
      this.slope = v.orElse(1, shape.channels());
      this.weight = affine.weight().orElse(1, shape.channels());
      this.bias = affine.bias().orElse(0, shape.channels());
    }

    @Override
    void normalise(Tensor<?> tensor, TensorView view) {
      double[] scale = applyAct || variant.alwaysDivides() ? scales(tensor, view) : weight;
      ChannelMap map = applyAct ? new GatedScale(slope, scale, bias) : ShiftScale.of(scale, bias);
      tensor.map(view, map, Activation.NONE);
    }

    private double[] scales(Tensor<?> tensor, TensorView view) {
      TensorView slices = view.grouped(groups);
      SliceMoments moments =
          variant.dividesByRootMeanSquare() ? tensor.squares(0, slices) : tensor.moments(0, slices);
      int perGroup = view.channels() / groups;
      double[] scale = new double[view.channels()];
      for (int g = 0, c = 0; g < groups; g++) {
        double groupScale = moments.scale(g, denominator);
        for (int end = c + perGroup; c < end; c++) {
          scale[c] = groupScale * weight[c];
        }
      }

      return scale;
    }
  }
}
