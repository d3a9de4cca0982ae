package io.sparknorm.spark.models;

import java.util.Collections;
import java.util.Map;
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

  /**
   * The difference.
   *
   * @throws IllegalArgumentException saying which count would be below zero
   */
  RecordCounts minus(RecordCounts other) {
    long recordsLeft = left(records - other.records, "records");
    long droppedLeft = left(dropped - other.dropped, "dropped records");
    Map<String, Long> left = new TreeMap<>(faults);
    other.faults.forEach((fault, count) -> left.merge(fault, -count, Math::addExact));
    left.forEach((fault, count) -> left(count, "faults of kind " + fault));
    return new RecordCounts(recordsLeft, droppedLeft, left);
  }

  private static long left(long count, String what) {
    if (count < 0) {
      throw new IllegalArgumentException("%d %s would be left".formatted(count, what));
    }

    return count;
  }
}
