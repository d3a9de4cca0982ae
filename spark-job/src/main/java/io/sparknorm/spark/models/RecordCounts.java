package io.sparknorm.spark.models;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How many records a fit saw.
 *
 * @param records all of them
 * @param dropped those left out because of a fault
 * @param faults the number of each kind of fault by its name in the configuration, such as {@code
 *     null-array}
 */
public record RecordCounts(long records, long dropped, Map<String, Long> faults) {
  /** Of no records. */
  public static final RecordCounts NONE = new RecordCounts(0, 0, Map.of());

  public RecordCounts {
    faults = Collections.unmodifiableMap(new TreeMap<>(faults));
  }

  /** The sum. */
  public RecordCounts plus(RecordCounts other) {
    Map<String, Long> sums = new TreeMap<>(faults);
    other.faults.forEach((fault, count) -> sums.merge(fault, count, Math::addExact));
    return new RecordCounts(
        Math.addExact(records, other.records), Math.addExact(dropped, other.dropped), sums);
  }

  /** Empty if a count would be below zero. */
  Optional<RecordCounts> minus(RecordCounts other) {
    Map<String, Long> left = new TreeMap<>(faults);
    other.faults.forEach((fault, count) -> left.merge(fault, -count, Math::addExact));
    boolean isSound =
        records >= other.records
            && dropped >= other.dropped
            && left.values().stream().allMatch(count -> count >= 0);
    return isSound
        ? Optional.of(new RecordCounts(records - other.records, dropped - other.dropped, left))
        : Optional.empty();
  }
}
