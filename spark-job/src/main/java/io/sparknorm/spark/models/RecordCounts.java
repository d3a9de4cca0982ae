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
  public RecordCounts {
    faults = Collections.unmodifiableMap(new TreeMap<>(faults));
  }
}
