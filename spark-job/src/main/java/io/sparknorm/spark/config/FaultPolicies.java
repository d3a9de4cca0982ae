package io.sparknorm.spark.config;

import java.io.Serializable;

/** What happens to a record or an element that is not a plain number of the right shape. */
public record FaultPolicies(
    Policy nan, Policy infinity, Policy nullArray, Policy nullElement, Policy wrongLength)
    implements Serializable {
  /** What to do about one kind of fault. */
  public enum Policy {
    /** Stop, naming the column, the channel, the value and the file. */
    FAIL,
    /**
     * Carry on as arithmetic does: NaN and infinities enter the statistics and the output, a null
     * element counts as NaN and stays null, a null or misshapen tensor gives null and enters
     * nothing.
     */
    PROPAGATE,
    /** Leave the whole record out of the statistics and of the output. */
    DROP_RECORD,
    /**
     * Leave the value out of the statistics: null or NaN in the output; a null or misshapen tensor
     * gives null.
     */
    SKIP_VALUE;

    /** The name as it stands in settings, such as {@code drop-record}. */
    public String key() {
      return Names.of(this);
    }
  }

  /** As PyTorch and SQL would: only what cannot be computed fails. */
  public static final FaultPolicies DEFAULT =
      new FaultPolicies(
          Policy.PROPAGATE, Policy.PROPAGATE, Policy.PROPAGATE, Policy.FAIL, Policy.FAIL);

  /** Nothing fails and nothing is left out. */
  public static final FaultPolicies LENIENT =
      new FaultPolicies(
          Policy.PROPAGATE, Policy.PROPAGATE, Policy.PROPAGATE, Policy.PROPAGATE, Policy.PROPAGATE);

  /** What to do about a fault. */
  public Policy of(Fault fault) {
    return switch (fault) {
      case NAN -> nan;
      case INFINITY -> infinity;
      case NULL_ARRAY -> nullArray;
      case NULL_ELEMENT -> nullElement;
      case WRONG_LENGTH -> wrongLength;
    };
  }

  /** These policies with another one for one fault. */
  public FaultPolicies with(Fault fault, Policy policy) {
    return new FaultPolicies(
        fault == Fault.NAN ? policy : nan,
        fault == Fault.INFINITY ? policy : infinity,
        fault == Fault.NULL_ARRAY ? policy : nullArray,
        fault == Fault.NULL_ELEMENT ? policy : nullElement,
        fault == Fault.WRONG_LENGTH ? policy : wrongLength);
  }

  /** Whether any fault drops its record. */
  public boolean dropRecords() {
    return nan == Policy.DROP_RECORD
        || infinity == Policy.DROP_RECORD
        || nullArray == Policy.DROP_RECORD
        || nullElement == Policy.DROP_RECORD
        || wrongLength == Policy.DROP_RECORD;
  }

  /** Whether NaN and infinities need not even be looked for. */
  public boolean propagateNonFinite() {
    return nan == Policy.PROPAGATE && infinity == Policy.PROPAGATE;
  }

  /** Whether a tensor that is not null may give null. */
  public boolean mayGiveNull() {
    return dropRecords() || wrongLength != Policy.FAIL;
  }
}
