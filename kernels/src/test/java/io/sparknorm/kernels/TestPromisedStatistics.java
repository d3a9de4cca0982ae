package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.PromisedStatistics.Breach;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestPromisedStatistics {
  private static final TensorView VIEW = new TensorView(500, 3, 1);

  /** Channels far from zero, tiny, huge, constant: wherever rounding is at its worst. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, 1e-5",
    "1e6, 1, 1e-5",
    "1e9, 1e-3, 0",
    "0, 1e-30, 0",
    "0, 1e30, 1e-5",
    "0, 5e153, 0",
    "0, 1e-160, 0",
    "5, 0, 1e-5",
    "5, 0, 0"
  })
  void whatTheNormMakesIsWithinTheTolerance(double mean, double deviation, double epsilon) {
    for (int seed = 0; seed < 20; seed++) {
      double[] x = sample(seed, mean, deviation);
      BatchNorm norm = norm(epsilon, seed % 2 == 0 ? Affine.NONE : affine());
      float[] floats = toFloats(x);

      Moments ofFloats = new Moments(3).add(floats, VIEW);
      normalizer(norm, ofFloats.statistics()).apply(floats, floats);
      assertThat(breach(norm, ofFloats, true, new Moments(3).add(floats, VIEW))).isEmpty();

      Moments ofDoubles = new Moments(3).add(x.clone(), VIEW);
      normalizer(norm, ofDoubles.statistics()).apply(x, x);
      assertThat(breach(norm, ofDoubles, false, new Moments(3).add(x, VIEW))).isEmpty();
    }
  }

  @Test
  void elementThatIsOffIsABreach() {
    float[] x = toFloats(sample(1, 0, 1));
    Moments before = new Moments(3).add(x, VIEW);
    BatchNorm norm = norm(0, Affine.NONE);
    normalizer(norm, before.statistics()).apply(x, x);

    x[4] += 0.001F;
    Breach mean = breach(norm, before, true, new Moments(3).add(x, VIEW)).orElseThrow();
    assertThat(mean.channel()).isEqualTo(1);
    assertThat(mean.what()).isEqualTo("mean");
    assertThat(mean.expected()).isZero();
    assertThat(mean.found()).isBetween(1e-6, 3e-6);

    x[4] -= 0.001F;
    x[1] = x[1] > 0 ? x[1] + 1 : x[1] - 1;
    x[4] = x[1] > 0 ? x[4] - 1 : x[4] + 1;
    assertThat(breach(norm, before, true, new Moments(3).add(x, VIEW)))
        .map(Breach::what)
        .contains("variance");
  }

  @Test
  void valuesThatAreGoneOrNoNumbersAreBreaches() {
    float[] x = toFloats(sample(1, 0, 1));
    Moments before = new Moments(3).add(x, VIEW);
    BatchNorm norm = norm(0, Affine.NONE);
    normalizer(norm, before.statistics()).apply(x, x);

    x[5] = Float.NaN;
    assertThat(breach(norm, before, true, new Moments(3).add(x, VIEW)))
        .contains(new Breach(2, "count", 500, 499, 0));
  }

  @Test
  void channelWithoutFiniteStatisticsPromisesNothing() {
    float[] x = toFloats(sample(1, 0, 1));
    x[0] = Float.NaN;
    Moments before = new Moments(3).add(x, VIEW);
    BatchNorm norm = norm(0, Affine.NONE);
    normalizer(norm, before.statistics()).apply(x, x);

    assertThat(breach(norm, before, true, new Moments(3).add(x, VIEW))).isEmpty();
  }

  @Test
  void onlyBatchNormWithoutActivationPromises() {
    Statistics statistics = new Moments(3).add(toFloats(sample(1, 0, 1)), VIEW).statistics();
    Denominator denominator = Denominator.insideSqrt(0);

    assertThat(
            PromisedStatistics.of(
                new BatchNorm(denominator, Affine.NONE, Activation.RELU), statistics, true))
        .isEmpty();
  }

  private static Optional<Breach> breach(
      BatchNorm norm, Moments before, boolean single, Moments after) {
    return PromisedStatistics.of(norm, before.statistics(), single)
        .orElseThrow()
        .breach(after.statistics());
  }

  private static BatchNorm norm(double epsilon, Affine affine) {
    return new BatchNorm(Denominator.insideSqrt(epsilon), affine, Activation.NONE);
  }

  private static Affine affine() {
    return new Affine(Coefficients.of(0.5, -3, 1e-3), Coefficients.of(0, 100, -1e-6));
  }

  private static Normalizer normalizer(BatchNorm norm, Statistics statistics) {
    TensorShape shape = TensorShape.ofChannels(3, Layout.CHANNELS_LAST);
    return norm.normalizer(shape, statistics.mean(), statistics.biasedVariance());
  }

  private static double[] sample(int seed, double mean, double deviation) {
    Random random = new Random(seed);
    double[] x = new double[VIEW.length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = mean + deviation * random.nextGaussian();
    }

    return x;
  }

  private static float[] toFloats(double[] x) {
    float[] floats = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      floats[i] = (float) x[i];
    }

    return floats;
  }
}
