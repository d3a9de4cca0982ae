package io.sparknorm.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** How far single-precision results are from the exact ones, on inputs that are hard for a norm. */
final class Accuracy {
  private static final double EPSILON = 1e-5;

  private Accuracy() {}

  /** A map-only norm, and the records it takes. */
  enum Subject {
    LAYER_NORM(List.of(96), Layout.CHANNELS_FIRST),
    LAYER_NORM_LONG(List.of(70_000), Layout.CHANNELS_FIRST),
    RMS_NORM(List.of(96), Layout.CHANNELS_FIRST),
    INSTANCE_NORM_NCHW(List.of(6, 16), Layout.CHANNELS_FIRST),
    INSTANCE_NORM_NHWC(List.of(16, 6), Layout.CHANNELS_LAST),
    GROUP_NORM_NCHW(List.of(6, 16), Layout.CHANNELS_FIRST),
    GROUP_NORM_NHWC(List.of(16, 6), Layout.CHANNELS_LAST),
    EVONORM_S0_NCHW(List.of(6, 16), Layout.CHANNELS_FIRST),
    EVONORM_S0_NHWC(List.of(16, 6), Layout.CHANNELS_LAST);

    private static final int GROUPS = 3;

    private final TensorShape shape;

    Subject(List<Integer> dimensions, Layout layout) {
      this.shape = new TensorShape(dimensions, layout);
    }

    private boolean byPosition() {
      return this == LAYER_NORM || this == LAYER_NORM_LONG || this == RMS_NORM;
    }

    private RecordNorm norm(double[] weight, double[] bias) {
      Affine affine = new Affine(Coefficients.of(weight), Coefficients.of(bias));
      Denominator denominator = Denominator.insideSqrt(EPSILON);
      return switch (this) {
        case LAYER_NORM, LAYER_NORM_LONG ->
            new LayerNorm(shape.dimensions(), denominator, affine, Activation.NONE);
        case RMS_NORM -> new RmsNorm(shape.dimensions(), EPSILON, affine.weight(), Activation.NONE);
        case INSTANCE_NORM_NCHW, INSTANCE_NORM_NHWC ->
            new InstanceNorm(denominator, affine, Activation.NONE);
        case GROUP_NORM_NCHW, GROUP_NORM_NHWC ->
            new GroupNorm(GROUPS, denominator, affine, Activation.NONE);
        case EVONORM_S0_NCHW, EVONORM_S0_NHWC ->
            new EvoNormS(EvoNormS.Variant.S0, GROUPS, EPSILON, affine, Coefficients.NONE, true);
      };
    }

    private ExactNorm exact(double[] weight, double[] bias) {
      TensorView view = shape.view(shape.fixedLength());
      int[] index =
          IntStream.range(0, view.length())
              .map(i -> byPosition() ? i : view.channelOf(i))
              .toArray();
      double[] weights = Arrays.stream(index).mapToDouble(i -> weight[i]).toArray();
      double[] biases = Arrays.stream(index).mapToDouble(i -> bias[i]).toArray();
      TensorView block = new TensorView(1, 1, view.length());
      return switch (this) {
        case LAYER_NORM, LAYER_NORM_LONG ->
            new ExactNorm(ExactNorm.Kind.STANDARD, block, EPSILON, weights, biases);
        case RMS_NORM ->
            new ExactNorm(
                ExactNorm.Kind.ROOT_MEAN_SQUARE,
                block,
                EPSILON,
                weights,
                new double[view.length()]);
        case INSTANCE_NORM_NCHW, INSTANCE_NORM_NHWC ->
            new ExactNorm(ExactNorm.Kind.STANDARD, view, EPSILON, weights, biases);
        case GROUP_NORM_NCHW, GROUP_NORM_NHWC ->
            new ExactNorm(ExactNorm.Kind.STANDARD, view.grouped(GROUPS), EPSILON, weights, biases);
        case EVONORM_S0_NCHW, EVONORM_S0_NHWC ->
            new ExactNorm(
                ExactNorm.Kind.EVONORM_S0, view.grouped(GROUPS), EPSILON, weights, biases);
      };
    }

    /**
     * The largest distance of a result from the exact one, in units in the last place of a float of
     * the size of the result or, where it is larger, of a summand of it.
     */
    double worstUlps(LoopsProvider loops, Input input) {
      Random random = new Random(5);
      int length = shape.fixedLength();
      int coefficients = byPosition() ? length : shape.channels();
      double[] weight = random.doubles(coefficients, 0.5, 1.5).toArray();
      double[] bias = random.doubles(coefficients, -1, 1).toArray();
      ExactNorm oracle = exact(weight, bias);
      float[] x = input.values(length, random);
      double[] exact = oracle.apply(x);
      norm(weight, bias)
          .normalizer(shape)
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
