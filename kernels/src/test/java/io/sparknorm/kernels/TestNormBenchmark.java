package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a benchmark compares has to be the same work. */
class TestNormBenchmark {
  @ParameterizedTest
  @EnumSource
  void variantsAgree(NormBenchmark.Work work) {
    NormBenchmark benchmark = new NormBenchmark();
    benchmark.work = work;
    benchmark.elements = 2 * work.length();
    benchmark.prepare();
    float[][] naive = copy(benchmark.naive());
    float[][] scalar = copy(benchmark.scalar());
    for (int r = 0; r < naive.length; r++) {
      for (int i = 0; i < naive[r].length; i++) {
        assertThat(scalar[r][i]).isCloseTo(naive[r][i], within(1e-6f));
      }
    }

    if (VectorInstructions.hasModule()) {
      assertThat(benchmark.vector()).isDeepEqualTo(scalar);
    }
  }

  private static float[][] copy(float[][] records) {
    float[][] copy = records.clone();
    for (int r = 0; r < copy.length; r++) {
      copy[r] = copy[r].clone();
    }

    return copy;
  }
}
