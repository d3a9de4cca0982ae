package io.sparknorm.spark.functions;

import io.sparknorm.kernels.InstanceStatistics;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.config.Fault;
import java.util.BitSet;

/**
 * One record's tensor after its faults have been looked for and none was to fail. Either there are
 * elements to compute with, in which skipped ones and propagated nulls are NaN, or there are not:
 * the array is null or misshapen, or the record is to be dropped.
 *
 * @param elements null when there is nothing to compute with
 * @param nulls the elements that are null
 * @param skipped the elements that stay out of every statistic
 * @param faults how many there are of each kind
 * @param dropped whether the record is to be left out
 */
record CheckedTensor(
    Elements elements, BitSet nulls, BitSet skipped, FaultTally faults, boolean dropped) {
  private static final BitSet NONE = new BitSet(0);

  /** A tensor of plain numbers, or of what propagates and was not looked for. */
  static CheckedTensor clean(Elements elements) {
    return new CheckedTensor(elements, NONE, NONE, FaultTally.NONE, false);
  }

  /** A null array, or one of a wrong length. */
  static CheckedTensor missing(Fault fault, boolean dropped) {
    return new CheckedTensor(null, NONE, NONE, FaultTally.of(fault), dropped);
  }

  boolean isEmpty() {
    return elements == null || dropped;
  }

  /** Normalises the elements in place. */
  void normalise(Normalizer normalizer) {
    if (skipped.isEmpty()) {
      elements.normalise(normalizer);
      return;
    }

    BitSet propagated = propagatedNaN();
    if (propagated.isEmpty()) {
      elements.normaliseSkippingNaN(normalizer);
      return;
    }

    // Kernels either skip NaN or propagate it: where one record asks for both, a second pass over a
    // copy without the skipped elements shows which elements the propagated ones spoil.
    Elements spoiled = elements.copy();
    setAll(spoiled, skipped, 0);
    spoiled.normalise(normalizer);
    setAll(elements, propagated, 0);
    elements.normaliseSkippingNaN(normalizer);
    for (int i = 0; i < elements.length(); i++) {
      if (Double.isNaN(spoiled.get(i))) {
        elements.set(i, Double.NaN);
      }
    }
  }

  /** Adds every element that is not skipped to its channel, so many times. */
  void addTo(Moments moments, TensorView view, long times) {
    if (skipped.isEmpty()) {
      elements.addTo(moments, view, times);
      return;
    }

    for (int i = skipped.nextClearBit(0); i < elements.length(); i = skipped.nextClearBit(i + 1)) {
      moments.add(view.channelOf(i), elements.get(i), times);
    }
  }

  /**
   * Adds the mean of each channel to the moments of the channel's number, and its unbiased variance
   * to those of the channel's number plus the number of channels. Channels that skipping leaves
   * without two values add nothing.
   *
   * @param times how often each is added
   */
  void addInstanceStatisticsTo(Moments moments, TensorView view, long times) {
    if (elements.length() == 0) {
      return;
    }

    InstanceStatistics statistics =
        skipped.isEmpty()
            ? elements.instanceStatistics(view)
            : elements.presentInstanceStatistics(view);
    BitSet spoiled = new BitSet(0);
    if (!skipped.isEmpty()) {
      propagatedNaN().stream().forEach(i -> spoiled.set(view.channelOf(i)));
    }

    for (int c = 0; c < view.channels(); c++) {
      if (spoiled.get(c)) {
        moments.add(c, Double.NaN, times).add(view.channels() + c, Double.NaN, times);
      } else if (statistics.hasVariance(c)) {
        moments.add(c, statistics.mean(c), times);
        moments.add(view.channels() + c, statistics.unbiasedVariance(c), times);
      }
    }
  }

  private BitSet propagatedNaN() {
    BitSet propagated = new BitSet(0);
    for (int i = skipped.nextClearBit(0); i < elements.length(); i = skipped.nextClearBit(i + 1)) {
      if (Double.isNaN(elements.get(i))) {
        propagated.set(i);
      }
    }

    return propagated;
  }

  private static void setAll(Elements elements, BitSet positions, double value) {
    for (int i = positions.nextSetBit(0); i >= 0; i = positions.nextSetBit(i + 1)) {
      elements.set(i, value);
    }
  }
}
