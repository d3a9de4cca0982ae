package io.sparknorm.kernels.conformance;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.InstanceStatistics;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.RecordNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TestKernelConformance {
  static List<Path> files() {
    return ConformanceCase.files();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void normalisesInSinglePrecision(Path file) {
    hold(file, true);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("files")
  void normalisesInDoublePrecision(Path file) {
    hold(file, false);
  }

  private static void hold(Path file, boolean single) {
    ConformanceCase conformanceCase = ConformanceCase.read(file);
    ConformanceCase.Subject kernels = new Kernels(single);
    if (conformanceCase.mustBeRefused()) {
      assertThatThrownBy(() -> conformanceCase.verify(kernels, single))
          .isInstanceOf(IllegalArgumentException.class);
    } else {
      conformanceCase.verify(kernels, single);
    }
  }

  private record Kernels(boolean single) implements ConformanceCase.Subject {
    @Override
    public ConformanceCase.Outcome normalise(
        ConformanceCase c, double[] x, Optional<RunningStatistics> running) {
      return TestKernelConformance.normalise(c, x, running, single);
    }

    @Override
    public ConformanceCase.ChannelStatistics statistics(double[] x, TensorShape shape) {
      Statistics statistics = moments(x, shape).statistics();
      return new ConformanceCase.ChannelStatistics(
          statistics.counts(),
          statistics.mean().toArray(),
          statistics.variance(Variance.BIASED).toArray());
    }
  }

  private static ConformanceCase.Outcome normalise(
      ConformanceCase c, double[] x, Optional<RunningStatistics> running, boolean single) {
    TensorShape shape = c.shape();
    int recordLength = shape.fixedLength();
    Optional<RunningStatistics> after = running;
    Normalizer normalizer;
    if (c.norm() instanceof DatasetNorm norm) {
      Statistics statistics = moments(x, shape).statistics();
      if (c.momentum().isPresent()) {
        after =
            running.map(
                r ->
                    norm.movesRunningStatistics()
                        ? r.next(statistics, c.runningVariance(), c.momentum().get())
                        : r);
      }

      normalizer =
          c.train()
              ? norm.normalizer(shape, statistics.mean(), statistics.variance(norm.variance()))
              : norm.normalizer(shape, running.get().mean(), running.get().variance());
    } else if (c.norm() instanceof InstanceNorm norm && !c.train()) {
      BatchNorm evaluation = norm.withRunningStatistics();
      normalizer = evaluation.normalizer(shape, running.get().mean(), running.get().variance());
    } else {
      normalizer = ((RecordNorm) c.norm()).normalizer(shape);
      if (c.momentum().isPresent()) {
        Statistics instances = instanceStatistics(x, shape).statistics();
        double[] means = instances.mean().toArray();
        int channels = shape.channels();
        after =
            running.map(
                r ->
                    r.next(
                        Coefficients.of(Arrays.copyOf(means, channels)),
                        Coefficients.of(Arrays.copyOfRange(means, channels, 2 * channels)),
                        c.momentum().get()));
      }
    }

    double[] y = new double[x.length];
    for (int at = 0; at < x.length; at += recordLength) {
      double[] values = Arrays.copyOfRange(x, at, at + recordLength);
      System.arraycopy(
          single ? single(normalizer, values) : twice(normalizer, values), 0, y, at, recordLength);
    }

    return new ConformanceCase.Outcome(y, after);
  }

  private static Moments moments(double[] x, TensorShape shape) {
    Moments moments = new Moments(shape.channels());
    int recordLength = shape.fixedLength();
    for (int at = 0; at < x.length; at += recordLength) {
      moments.add(Arrays.copyOfRange(x, at, at + recordLength), shape.view(recordLength));
    }

    return moments;
  }

  /** Every record's means, then every record's unbiased variances, by channel. */
  private static Moments instanceStatistics(double[] x, TensorShape shape) {
    int channels = shape.channels();
    Moments moments = new Moments(2 * channels);
    int recordLength = shape.fixedLength();
    for (int at = 0; at < x.length; at += recordLength) {
      InstanceStatistics record =
          InstanceStatistics.of(
              Arrays.copyOfRange(x, at, at + recordLength), shape.view(recordLength));
      for (int c = 0; c < channels; c++) {
        moments.add(c, record.mean(c)).add(channels + c, record.unbiasedVariance(c));
      }
    }

    return moments;
  }

  private static double[] single(Normalizer normalizer, double[] x) {
    float[] values = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      values[i] = (float) x[i];
    }

    normalizer.apply(values, values);
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = values[i];
    }

    return y;
  }

  private static double[] twice(Normalizer normalizer, double[] x) {
    double[] y = new double[x.length];
    normalizer.apply(x, y);
    return y;
  }
}
