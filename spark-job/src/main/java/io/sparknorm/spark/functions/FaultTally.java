package io.sparknorm.spark.functions;

import io.sparknorm.spark.config.Fault;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/** How many faults of each kind. Mutable, apart from {@link #NONE}, which nothing is added to. */
final class FaultTally {
  static final FaultTally NONE = new FaultTally();

  private final long[] counts = new long[Fault.values().length];

  static FaultTally of(Fault fault) {
    FaultTally tally = new FaultTally();
    tally.count(fault);
    return tally;
  }

  static FaultTally of(Map<Fault, Long> counts) {
    FaultTally tally = new FaultTally();
    counts.forEach((fault, count) -> tally.counts[fault.ordinal()] = count);
    return tally;
  }

  void count(Fault fault) {
    counts[fault.ordinal()]++;
  }

  FaultTally merge(FaultTally other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }

    return this;
  }

  long get(Fault fault) {
    return counts[fault.ordinal()];
  }

  Map<Fault, Long> toMap() {
    Map<Fault, Long> map = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      map.put(fault, counts[fault.ordinal()]);
    }

    return map;
  }

  void write(DataOutput out) throws IOException {
    for (long count : counts) {
      out.writeLong(count);
    }
  }

  static FaultTally read(DataInput in) throws IOException {
    FaultTally tally = new FaultTally();
    for (int i = 0; i < tally.counts.length; i++) {
      tally.counts[i] = in.readLong();
    }

    return tally;
  }
}
