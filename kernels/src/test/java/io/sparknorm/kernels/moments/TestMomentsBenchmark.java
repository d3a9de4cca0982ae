package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.kernels.Variance;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a benchmark compares has to be the same work. */
@EnabledIf("hasVectorModule")
class TestMomentsBenchmark {
  private static final int RECORDS = 500;
  private static final int CHANNELS = 32;

  static boolean hasVectorModule() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  @ParameterizedTest
  @EnumSource
  void variantsAgree(MomentsBenchmark.Values values) {
    variantsAgree(values, 1);
    variantsAgree(values, 50 * CHANNELS);
  }

  private static void variantsAgree(MomentsBenchmark.Values values, int together) {
    MomentsBenchmark benchmark = new MomentsBenchmark();
    benchmark.values = values;
    benchmark.channels = CHANNELS;
    benchmark.elements = RECORDS * CHANNELS;
    benchmark.together = together;
    benchmark.prepare();
    assertClose(benchmark.plainFloats(), benchmark.exactFloats().statistics());
    assertClose(benchmark.plainFloatsVector(), benchmark.exactFloatsScalar().statistics());
    assertClose(benchmark.plainDoubles(), benchmark.exactDoubles().statistics());
    assertClose(benchmark.plainDoubles(), benchmark.exactDoublesScalar().statistics());
  }

  private static void assertClose(MomentsBenchmark.Sums sums, Statistics exact) {
    for (int c = 0; c < CHANNELS; c++) {
      double square = sums.squares()[c] / RECORDS;
      double mean = sums.sums()[c] / RECORDS;
      assertThat(mean).isCloseTo(exact.mean().get(c), within(1e-12 * Math.sqrt(square)));
      assertThat(square - mean * mean)
          .isCloseTo(exact.variance(Variance.BIASED).get(c), within(1e-9 * square));
    }
  }
}
