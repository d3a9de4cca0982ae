package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Single precision is within one unit in the last place of exact arithmetic. */
class TestAccuracy {
  @ParameterizedTest
  @EnumSource
  void resultsAreWithinAnUlpOfTheExactOnes(Accuracy.Subject subject) {
    for (Accuracy.Input input : Accuracy.Input.values()) {
      assertThat(subject.worstUlps(LoopsProvider.SCALAR, input))
          .as("%s of %s", subject, input)
          .isLessThanOrEqualTo(1);
      assertThat(subject.worstUlps(LoopsProvider.best(), input))
          .as("%s of %s, best loops", subject, input)
          .isLessThanOrEqualTo(1);
    }
  }
}
