package io.sparknorm.spark.functions;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.config.Fault;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * What a fit has found of some channels of a column.
 *
 * @param records all of them, dropped ones too; 0 but for the first channels, as the other counts
 * @param dropped the records that the fault policies left out
 * @param added the records whose tensors are in the moments, each once whatever it weighs
 * @param faults how many of each kind, zeros too
 * @param moments those that were asked for; none where no record had a tensor
 */
public record FitPart(
    long records, long dropped, long added, Map<Fault, Long> faults, Optional<Moments> moments) {
  public FitPart {
    faults = Map.copyOf(faults);
  }

  /** Reads what {@link FitTask#state} or {@link #merge} gave. */
  public static FitPart of(byte[] bytes) {
    return FitState.of(bytes).part();
  }

  /** Nothing. */
  public static FitPart none() {
    return new FitState().part();
  }

  /**
   * What this and another have found together; the moments of this become it.
   *
   * @throws ArithmeticException if a channel's values are more than a long can count
   */
  public FitPart plus(FitPart other) {
    return FitState.of(this).merge(FitState.of(other)).part();
  }

  /** What {@link #of} reads. */
  public byte[] toBytes() {
    return FitState.of(this).toBytes();
  }

  /**
   * Adds up what tasks have found of the same channels, holding two states at a time.
   *
   * @throws ArithmeticException if a channel's values are more than a long can count
   */
  public static byte[] merge(Iterator<byte[]> states) {
    return merged(states).toBytes();
  }

  /** As {@link #merge}, of a group. */
  public static FitPart ofGroup(Iterator<byte[]> states) {
    return merged(states).part();
  }

  private static FitState merged(Iterator<byte[]> states) {
    FitState merged = new FitState();
    while (states.hasNext()) {
      merged.merge(FitState.of(states.next()));
    }

    return merged;
  }
}
