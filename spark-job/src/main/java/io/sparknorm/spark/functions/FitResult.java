package io.sparknorm.spark.functions;

import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.models.GroupedState;
import java.util.Map;
import java.util.Optional;

/**
 * What a pass over a dataset has found.
 *
 * @param records all of them, dropped ones too
 * @param dropped the records that the fault policies left out
 * @param faults how many of each kind, zeros too; NaN and infinities count by element, null arrays
 *     and wrong lengths by record
 * @param moments those that were asked for; none where no record had a tensor
 * @param groups what was found of each group, where groups were asked for
 */
public record FitResult(
    long records,
    long dropped,
    Map<Fault, Long> faults,
    Optional<ExactState> moments,
    Optional<GroupedState> groups) {
  public FitResult {
    faults = Map.copyOf(faults);
  }

  /** A result without groups. */
  public FitResult(
      long records, long dropped, Map<Fault, Long> faults, Optional<ExactState> moments) {
    this(records, dropped, faults, moments, Optional.empty());
  }
}
