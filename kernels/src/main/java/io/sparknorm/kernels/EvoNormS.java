package io.sparknorm.kernels;

import java.util.Arrays;

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
      Tensor.inParts(view, groups, (from, part, first) -> normalise(tensor, from, part, first));
    }

    private void normalise(Tensor<?> tensor, int from, TensorView part, int first) {
      int last = first + part.channels();
      double[] scale = Arrays.copyOfRange(weight, first, last);
      if (applyAct || variant.alwaysDivides()) {
        divide(scale, tensor, from, part);
      }

      double[] offset = Arrays.copyOfRange(bias, first, last);
      ChannelMap map =
          applyAct
              ? new GatedScale(Arrays.copyOfRange(slope, first, last), scale, offset)
              : ShiftScale.of(scale, offset);
      tensor.map(from, part, map, Activation.NONE);
    }

    private void divide(double[] weights, Tensor<?> tensor, int from, TensorView part) {
      int perGroup = slope.length / groups;
      TensorView slices = part.grouped(weights.length / perGroup);
      SliceMoments moments =
          variant.dividesByRootMeanSquare()
              ? tensor.squares(from, slices)
              : tensor.moments(from, slices);
      for (int g = 0, c = 0; c < weights.length; g++) {
        double groupScale = moments.scale(g, denominator);
        for (int end = c + perGroup; c < end; c++) {
          weights[c] *= groupScale;
        }
      }
    }
  }
}
