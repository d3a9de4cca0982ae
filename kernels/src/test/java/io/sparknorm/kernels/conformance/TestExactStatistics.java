package io.sparknorm.kernels.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Statistics of exact moments against the rational numbers that the cases give, to the last bit.
 */
class TestExactStatistics {
  static List<Path> files() {
    return ConformanceCase.files().stream()
        .filter(file -> !ConformanceCase.read(file).exactNames().isEmpty())
        .toList();
  }

  @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
  @MethodSource("files")
  void areTheExactOnesRoundedOnce(Path file) {
    ConformanceCase c = ConformanceCase.read(file);
    List<double[]> batches = c.batches();
    Moments all = new Moments(c.shape().channels());
    for (int k = 1; k <= batches.size(); k++) {
      double[] x = batches.get(k - 1);
      TensorView record = c.shape().view(c.shape().fixedLength());
      Moments batch = new Moments(record.channels());
      batch.add(x, stacked(x, record));
      String suffix = batches.size() == 1 ? "" : "_" + k;
      check(c, "batch", suffix, batch.statistics());
      all.merge(batch);
    }

    check(c, "global", "", all.statistics());
    double[] x = batches.get(0);
    int records = x.length / c.shape().fixedLength();
    TensorView record = c.shape().view(c.shape().fixedLength());
    check(c, "instance", "", perRecord(x, records, record));
    if (c.norm() instanceof GroupNorm norm) {
      int groups = norm.groups();
      int inner = record.channels() / groups * record.inner();
      check(c, "group", "", perRecord(x, records, new TensorView(record.outer(), groups, inner)));
    }

    if (c.norm() instanceof LayerNorm norm) {
      int block = norm.normalizedShape().stream().reduce(1, Math::multiplyExact);
      check(c, "row", "", perRecord(x, x.length / block, new TensorView(1, 1, block)));
    }
  }

  /**
   * The view of a whole batch as one tensor, which channels-first records allow only one by one.
   */
  private static TensorView stacked(double[] x, TensorView record) {
    return new TensorView(
        x.length / record.channels() / record.inner(), record.channels(), record.inner());
  }

  /** Every slice of every record as a channel of its own. */
  private static Statistics perRecord(double[] x, int records, TensorView slices) {
    Moments moments = new Moments(records * slices.channels());
    for (int i = 0; i < x.length; i++) {
      int slice = slices.channelOf(i % slices.length());
      moments.add(i / slices.length() * slices.channels() + slice, x[i]);
    }

    return moments.statistics();
  }

  private static void check(ConformanceCase c, String what, String suffix, Statistics statistics) {
    check(c, what + "_mean" + suffix, statistics.mean().toArray());
    check(c, what + "_var_biased" + suffix, statistics.variance(Variance.BIASED).toArray());
    check(c, what + "_var_unbiased" + suffix, statistics.variance(Variance.UNBIASED).toArray());
  }

  private static void check(ConformanceCase c, String name, double[] got) {
    c.exact(name).ifPresent(want -> assertThat(got).as(name).containsExactly(want));
  }
}
