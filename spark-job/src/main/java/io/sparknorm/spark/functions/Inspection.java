package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorView;
import io.sparknorm.spark.config.Fault;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a pass saw on its way: counts of records and faults, and the means of the first channels for
 * people to look at. Means are plain sums of doubles, not exact like moments.
 *
 * @param records all of them, dropped ones too
 * @param dropped the records that the fault policies left out
 * @param faults how many of each kind, zeros too
 * @param means of up to {@link #CHANNELS} channels, over the values that are numbers
 */
public record Inspection(long records, long dropped, Map<Fault, Long> faults, List<Double> means) {
  /** How many channels are looked at. */
  public static final int CHANNELS = 3;

  /** Where a record's entries say that it is dropped: 1 or 0. */
  static final int DROPPED = 0;

  private static final int FAULTS = 1;
  private static final Fault[] FAULT_KINDS = Fault.values();
  private static final int SUMS = FAULTS + FAULT_KINDS.length;

  /** How many entries a record has: dropped, faults, then sum and count of each first channel. */
  public static final int ENTRIES = SUMS + 2 * CHANNELS;

  public Inspection {
    faults = Map.copyOf(faults);
    means = List.copyOf(means);
  }

  /** One record's entries; summed over records they make an inspection. */
  static double[] entries(CheckedTensor tensor, RecordShape shape) {
    double[] entries = new double[ENTRIES];
    entries[DROPPED] = tensor.dropped() ? 1 : 0;
    for (Fault fault : FAULT_KINDS) {
      entries[FAULTS + fault.ordinal()] = tensor.faults().get(fault);
    }

    if (!tensor.isEmpty()) {
      addFirstChannels(tensor.elements(), shape.view(tensor.elements().length()), entries);
    }

    return entries;
  }

  private static void addFirstChannels(Elements elements, TensorView view, double[] entries) {
    int first = Math.min(CHANNELS, view.channels()) * view.inner();
    int stride = view.channels() * view.inner();
    for (int start = 0; start < elements.length(); start += stride) {
      for (int i = 0; i < first; i++) {
        double value = elements.get(start + i);
        if (Double.isFinite(value)) {
          int channel = i / view.inner();
          entries[SUMS + 2 * channel] += value;
          entries[SUMS + 2 * channel + 1]++;
        }
      }
    }
  }

  /**
   * Makes an inspection of the sums of entries over all records.
   *
   * @param dropped the records left out for this or another column's sake
   * @param sums one for each of {@link #ENTRIES}, null where there was no record
   */
  public static Inspection of(long records, long dropped, List<Double> sums) {
    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    for (Fault fault : FAULT_KINDS) {
      faults.put(fault, count(sums.get(FAULTS + fault.ordinal())));
    }

    List<Double> means = new ArrayList<>();
    for (int at = SUMS; at < ENTRIES && count(sums.get(at + 1)) > 0; at += 2) {
      means.add(sums.get(at) / sums.get(at + 1));
    }

    return new Inspection(records, dropped, faults, means);
  }

  private static long count(Double sum) {
    return sum == null ? 0 : sum.longValue();
  }
}
