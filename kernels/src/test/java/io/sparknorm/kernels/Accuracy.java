package io.sparknorm.kernels;

import java.util.List;
import java.util.Random;

/** How far single-precision results are from the exact ones, on inputs that are hard for a norm. */
final class Accuracy {
  private static final int GROUPS = 3;
  private static final List<Integer> NCHW = List.of(6, 16);
  private static final List<Integer> NHWC = List.of(16, 6);

  private Accuracy() {}

  /** A map-only norm, and the records it takes. */
  enum Subject {
    LAYER_NORM(List.of(96), Accuracy::layerNorm),
    LAYER_NORM_LONG(List.of(70_000), Accuracy::layerNorm),
    LAYER_NORM_ANNOTATED(List.of(96), Accuracy::annotatedLayerNorm),
    RMS_NORM(List.of(96), Accuracy::rmsNorm),
    INSTANCE_NORM_NCHW(NCHW, Accuracy::instanceNorm),
    INSTANCE_NORM_NHWC(NHWC, Accuracy::instanceNorm),
    MEAN_VARIANCE_NORM_NCHW(NCHW, Accuracy::meanVarianceNorm),
    MEAN_VARIANCE_NORM_NHWC(NHWC, Accuracy::meanVarianceNorm),
    GROUP_NORM_NCHW(NCHW, Accuracy::groupNorm),
    GROUP_NORM_NHWC(NHWC, Accuracy::groupNorm),
    EVONORM_S0_NCHW(NCHW, evoNorm(EvoNormS.Variant.S0, true)),
    EVONORM_S0_NHWC(NHWC, evoNorm(EvoNormS.Variant.S0, true)),
    EVONORM_S0A_NCHW(NCHW, evoNorm(EvoNormS.Variant.S0A, true)),
    EVONORM_S0A_WITHOUT_GATE_NHWC(NHWC, evoNorm(EvoNormS.Variant.S0A, false)),
    EVONORM_S1_NCHW(NCHW, evoNorm(EvoNormS.Variant.S1, true)),
    EVONORM_S1A_NHWC(NHWC, evoNorm(EvoNormS.Variant.S1A, true)),
    EVONORM_S2_NCHW(NCHW, evoNorm(EvoNormS.Variant.S2, true)),
    EVONORM_S2_NHWC(NHWC, evoNorm(EvoNormS.Variant.S2, true)),
    EVONORM_S2A_NHWC(NHWC, evoNorm(EvoNormS.Variant.S2A, true)),
    EVONORM_S2A_WITHOUT_GATE_NCHW(NCHW, evoNorm(EvoNormS.Variant.S2A, false));

    private final TensorShape shape;
    private final Recipe recipe;

    Subject(List<Integer> dimensions, Recipe recipe) {
      boolean channelsLast = dimensions.equals(NHWC);
      this.shape =
          new TensorShape(dimensions, channelsLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST);
      this.recipe = recipe;
    }

    /**
     * The largest distance of a result from the exact one, in units in the last place of a float of
     * the size of the result or, where it is larger, of a summand of it.
     */
    double worstUlps(LoopsProvider loops, Input input) {
      Random random = new Random(5);
      int length = shape.fixedLength();
      int channels = shape.channels();
      double[] weight = random.doubles(channels, 0.5, 1.5).toArray();
      double[] bias = random.doubles(channels, -1, 1).toArray();
      float[] x = input.values(length, random);
      double[] slope = random.doubles(channels, -2, 2).toArray();
      Affine affine = new Affine(Coefficients.of(weight), Coefficients.of(bias));
      RecordNorm norm = recipe.norm(shape, affine, Coefficients.of(slope));
      ExactNorm oracle = ExactNorm.of(norm, shape);
      double[] exact = oracle.apply(x);
      norm.normalizer(shape)
          .normalise(
              new Tensor<>(loops.floats(), loops.doubles(), x, x, false), shape.view(length));
      double worst = 0;
      for (int i = 0; i < length; i++) {
        double summand =
            Math.max(Math.abs(oracle.bias()[i]), Math.abs(exact[i] - oracle.bias()[i]));
        double size = Math.max(Math.abs(exact[i]), summand);
        worst = Math.max(worst, Math.abs(x[i] - exact[i]) / Math.ulp((float) size));
      }

      return worst;
    }
  }

  /** How to make a norm of parameters, one per channel; not every norm takes all of them. */
  private interface Recipe {
    RecordNorm norm(TensorShape shape, Affine affine, Coefficients slope);
  }

  private static RecordNorm layerNorm(TensorShape shape, Affine affine, Coefficients slope) {
    return new LayerNorm(shape.dimensions(), Denominator.insideSqrt(1e-5), affine, Activation.NONE);
  }

  private static RecordNorm annotatedLayerNorm(
      TensorShape shape, Affine affine, Coefficients slope) {
    Denominator denominator =
        new Denominator(Variance.UNBIASED, 1e-6, EpsilonPlacement.OUTSIDE_SQRT);
    return new LayerNorm(shape.dimensions(), denominator, affine, Activation.NONE);
  }

  private static RecordNorm rmsNorm(TensorShape shape, Affine affine, Coefficients slope) {
    return new RmsNorm(shape.dimensions(), 1e-5, affine.weight(), Activation.NONE);
  }

  private static RecordNorm instanceNorm(TensorShape shape, Affine affine, Coefficients slope) {
    return new InstanceNorm(Denominator.insideSqrt(1e-5), affine, Activation.NONE);
  }

  /** As ONNX has it, over the axes of one record and channel. */
  private static RecordNorm meanVarianceNorm(TensorShape shape, Affine affine, Coefficients slope) {
    Denominator denominator = new Denominator(Variance.BIASED, 1e-9, EpsilonPlacement.OUTSIDE_SQRT);
    return new InstanceNorm(denominator, Affine.NONE, Activation.NONE);
  }

  private static RecordNorm groupNorm(TensorShape shape, Affine affine, Coefficients slope) {
    return new GroupNorm(GROUPS, Denominator.insideSqrt(1e-5), affine, Activation.NONE);
  }

  private static Recipe evoNorm(EvoNormS.Variant variant, boolean applyAct) {
    return (shape, affine, slope) ->
        new EvoNormS(
            variant,
            GROUPS,
            variant.defaultEpsilon(),
            affine,
            variant.hasSlope() ? slope : Coefficients.NONE,
            applyAct);
  }

  /** What the elements are like. */
  enum Input {
    NORMAL,
    OFFSET,
    LARGE_OFFSET,
    NEIGHBOURS,
    ALL_SCALES,
    SMALLEST,
    OUTLIER_FIRST;

    private float[] values(int n, Random random) {
      float[] x = new float[n];
      for (int i = 0; i < n; i++) {
        double normal = random.nextGaussian();
        x[i] =
            (float)
                switch (this) {
                  case NORMAL, OUTLIER_FIRST -> normal;
                  case OFFSET -> 1e4 + normal;
                  case LARGE_OFFSET -> 1e7 + 3 * normal;
                  case NEIGHBOURS -> 1 + random.nextInt(3) * 0x1p-23;
                  case ALL_SCALES -> normal * Math.pow(10, random.nextInt(41) - 20);
                  case SMALLEST -> normal * 1e-43;
                };
      }

      if (this == OUTLIER_FIRST) {
        x[0] = 1e8f;
      }

      return x;
    }
  }
}
