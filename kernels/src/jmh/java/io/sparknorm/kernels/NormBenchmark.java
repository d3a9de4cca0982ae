package io.sparknorm.kernels;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Each norm over records that together do not fit a cache, as a dataset's do not: with and without
 * vector instructions, beside its textbook form and the copy that any transformation pays.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+AlwaysPreTouch"})
public class NormBenchmark {
  private static final int GROUPS = 32;
  private static final double EPSILON = 1e-5;

  /** A norm, with weight and bias, and the shape of the records. */
  public enum Work {
    LAYER_512(Kernel.LAYER, Layout.CHANNELS_FIRST, 4096, 512),
    LAYER_4096(Kernel.LAYER, Layout.CHANNELS_FIRST, 512, 4096),
    LAYER_RECORDS_OF_512(Kernel.LAYER, Layout.CHANNELS_FIRST, 512),
    RMS_512(Kernel.RMS, Layout.CHANNELS_FIRST, 4096, 512),
    INSTANCE_NCHW(Kernel.INSTANCE, Layout.CHANNELS_FIRST, 64, 56, 56),
    INSTANCE_NHWC(Kernel.INSTANCE, Layout.CHANNELS_LAST, 56, 56, 64),
    GROUP_NCHW(Kernel.GROUP, Layout.CHANNELS_FIRST, 64, 56, 56),
    GROUP_NHWC(Kernel.GROUP, Layout.CHANNELS_LAST, 56, 56, 64),
    GROUP_64X8(Kernel.GROUP, Layout.CHANNELS_FIRST, 64, 8),
    BATCH_NCHW(Kernel.BATCH, Layout.CHANNELS_FIRST, 64, 56, 56),
    BATCH_NHWC(Kernel.BATCH, Layout.CHANNELS_LAST, 56, 56, 64),
    BATCH_RECORDS_OF_512(Kernel.BATCH, Layout.CHANNELS_FIRST, 512),
    EVONORM_S0_NCHW(Kernel.EVONORM_S0, Layout.CHANNELS_FIRST, 64, 56, 56),
    EVONORM_S0_NHWC(Kernel.EVONORM_S0, Layout.CHANNELS_LAST, 56, 56, 64),
    EVONORM_S0_64X8(Kernel.EVONORM_S0, Layout.CHANNELS_FIRST, 64, 8),
    EVONORM_B0_NCHW(Kernel.EVONORM_B0, Layout.CHANNELS_FIRST, 64, 56, 56),
    EVONORM_B0_NHWC(Kernel.EVONORM_B0, Layout.CHANNELS_LAST, 56, 56, 64);

    private final Kernel kernel;
    private final TensorShape shape;

    Work(Kernel kernel, Layout layout, Integer... dimensions) {
      this.kernel = kernel;
      this.shape = new TensorShape(List.of(dimensions), layout);
    }

    int length() {
      return shape.fixedLength();
    }
  }

  private enum Kernel {
    LAYER,
    RMS,
    INSTANCE,
    GROUP,
    BATCH,
    EVONORM_S0,
    EVONORM_B0
  }

  @Param public Work work;

  /** The number of elements of all records. */
  @Param("16777216")
  public int elements;

  private float[][] records;
  private float[][] outputs;
  private TensorView view;
  private Normalizer normalizer;
  private NaiveNorm naive;

  @Setup
  public void prepare() {
    int length = work.length();
    view = work.shape.view(length);
    boolean byPosition = work.kernel == Kernel.LAYER || work.kernel == Kernel.RMS;
    int coefficients = byPosition ? blockLength() : view.channels();
    SplittableRandom random = new SplittableRandom(42);
    Affine affine =
        new Affine(
            Coefficients.of(random.doubles(coefficients, 0.5, 1.5).toArray()),
            Coefficients.of(random.doubles(coefficients, -1, 1).toArray()));
    Coefficients mean = Coefficients.of(random.doubles(view.channels(), 0, 1).toArray());
    Coefficients variance = Coefficients.of(random.doubles(view.channels(), 1, 2).toArray());
    normalizer = normalizer(affine, mean, variance);
    naive = naive(affine, mean, variance);
    records = new float[elements / length][length];
    outputs = new float[records.length][length];
    for (float[] record : records) {
      for (int i = 0; i < length; i++) {
        record[i] = (float) random.nextDouble(-2, 3);
      }
    }
  }

  /** The last dimension. */
  private int blockLength() {
    List<Integer> dimensions = work.shape.dimensions();
    return dimensions.get(dimensions.size() - 1);
  }

  private Normalizer normalizer(Affine affine, Coefficients mean, Coefficients variance) {
    Denominator denominator = Denominator.insideSqrt(EPSILON);
    List<Integer> block = List.of(blockLength());
    Norm norm =
        switch (work.kernel) {
          case LAYER -> new LayerNorm(block, denominator, affine, Activation.NONE);
          case RMS -> new RmsNorm(block, EPSILON, affine.weight(), Activation.NONE);
          case INSTANCE -> new InstanceNorm(denominator, affine, Activation.NONE);
          case GROUP -> new GroupNorm(GROUPS, denominator, affine, Activation.NONE);
          case BATCH -> new BatchNorm(denominator, affine, Activation.NONE);
          case EVONORM_S0 ->
              new EvoNormS(EvoNormS.Variant.S0, GROUPS, EPSILON, affine, Coefficients.NONE, true);
          case EVONORM_B0 ->
              new EvoNormB(EvoNormB.Variant.B0, EPSILON, affine, Coefficients.NONE, true);
        };
    return norm instanceof DatasetNorm dataset
        ? dataset.normalizer(work.shape, mean, variance)
        : ((RecordNorm) norm).normalizer(work.shape);
  }

  private NaiveNorm naive(Affine affine, Coefficients mean, Coefficients variance) {
    double[] weight = affine.weight().toArray();
    double[] bias = affine.bias().toArray();
    return switch (work.kernel) {
      case LAYER -> NaiveNorm.layer(EPSILON, weight, bias);
      case RMS -> NaiveNorm.rms(EPSILON, weight);
      case INSTANCE -> NaiveNorm.group(view, view.channels(), EPSILON, weight, bias);
      case GROUP -> NaiveNorm.group(view, GROUPS, EPSILON, weight, bias);
      case BATCH ->
          NaiveNorm.batch(view, mean.toArray(), variance.toArray(), EPSILON, weight, bias);
      case EVONORM_S0 -> NaiveNorm.evoNormS0(view, GROUPS, EPSILON, weight, bias);
      case EVONORM_B0 -> NaiveNorm.evoNormB0(view, variance.toArray(), EPSILON, weight, bias);
    };
  }

  @Benchmark
  public float[][] copy() {
    for (int r = 0; r < records.length; r++) {
      System.arraycopy(records[r], 0, outputs[r], 0, outputs[r].length);
    }

    return outputs;
  }

  @Benchmark
  public float[][] naive() {
    for (int r = 0; r < records.length; r++) {
      naive.apply(records[r], outputs[r]);
    }

    return outputs;
  }

  @Benchmark
  public float[][] scalar() {
    return normalise(LoopsProvider.SCALAR);
  }

  @Benchmark
  public float[][] vector() {
    return normalise(LoopsProvider.vector());
  }

  private float[][] normalise(LoopsProvider loops) {
    for (int r = 0; r < records.length; r++) {
      normalizer.normalise(
          new Tensor<>(loops.floats(), loops.doubles(), records[r], outputs[r], false), view);
    }

    return outputs;
  }
}
