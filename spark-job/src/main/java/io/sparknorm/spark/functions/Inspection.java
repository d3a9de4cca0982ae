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
 * @param unseen the records of groups that were not fitted
 * @param faults how many of each kind, zeros too
 * @param means of up to {@link #CHANNELS} channels, over the values that are numbers
 */
public record Inspection(
    long records, long dropped, long unseen, Map<Fault, Long> faults, List<Double> means) {
  /** How many channels are looked at. */
  public static final int CHANNELS = 3;

  private static final Fault[] FAULT_KINDS = Fault.values();
  private static final int SUMS = FAULT_KINDS.length;

  /** How many entries a record has: faults, then sum and count of each first channel. */
  public static final int ENTRIES = SUMS + 2 * CHANNELS;

  public Inspection {
    faults = Map.copyOf(faults);
    means = List.copyOf(means);
  }

  /** One record's entries; summed over records they make an inspection. */
  static double[] entries(CheckedTensor tensor, RecordShape shape) {
    double[] entries = new double[ENTRIES];
    for (Fault fault : FAULT_KINDS) {
      entries[fault.ordinal()] = tensor.faults().get(fault);
    }

    if (!tensor.isEmpty()) {
      addFirstChannels(tensor.elements(), shape.view(tensor.elements().length()), entries);
    }

    return entries;
  }

  private static void addFirstChannels(Elements elements, TensorView view, double[] entries) {
    int channels = Math.min(CHANNELS, view.channels());
    for (int start = 0; start < elements.length(); start += view.channels() * view.inner()) {
      for (int c = 0; c < channels; c++) {
        int from = start + c * view.inner();
        elements.addFinite(from, from + view.inner(), entries, SUMS + 2 * c);
      }
    }
  }

  /**
   * Makes an inspection of the sums of entries over all records.
   *
   * @param dropped the records left out for this or another column's sake
   * @param unseen the records of groups that were not fitted
   * @param sums one for each of {@link #ENTRIES}, null where there was no record
   */
  public static Inspection of(long records, long dropped, long unseen, List<Double> sums) {
    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    for (Fault fault : FAULT_KINDS) {
      faults.put(fault, count(sums.get(fault.ordinal())));
    }

    List<Double> means = new ArrayList<>();
    for (int at = SUMS; at < ENTRIES && count(sums.get(at + 1)) > 0; at += 2) {
      means.add(sums.get(at) / sums.get(at + 1));
    }

    return new Inspection(records, dropped, unseen, faults, means);
  }

  private static long count(Double sum) {
    return sum == null ? 0 : sum.longValue();
  }
}
