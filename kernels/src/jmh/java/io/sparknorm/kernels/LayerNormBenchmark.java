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

/** LayerNorm of one record, with weight and bias, beside the copy that any transformation pays. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class LayerNormBenchmark {
  @Param({"512", "4096"})
  private int length;

  private float[] x;
  private float[] out;
  private Normalizer normalizer;

  @Setup
  public void prepare() {
    SplittableRandom random = new SplittableRandom(42);
    x = new float[length];
    out = new float[length];
    double[] weight = new double[length];
    double[] bias = new double[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextDouble(-1, 1);
      weight[i] = random.nextDouble(0.5, 1.5);
      bias[i] = random.nextDouble(-1, 1);
    }

    Affine affine = new Affine(Coefficients.of(weight), Coefficients.of(bias));
    normalizer =
        new LayerNorm(List.of(length), Denominator.insideSqrt(1e-5), affine, Activation.NONE)
            .normalizer(TensorShape.vector(length));
  }

  @Benchmark
  public float[] layerNorm() {
    normalizer.apply(x, out);
    return out;
  }

  @Benchmark
  public float[] copy() {
    System.arraycopy(x, 0, out, 0, length);
    return out;
  }
}
