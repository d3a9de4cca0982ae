package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorView;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import java.io.Serializable;
import java.util.BitSet;
import org.apache.spark.sql.vectorized.ColumnVector;

/**
 * Takes tensors out of a column and treats their faults as the rules say. A record without null
 * elements costs one bulk copy, and a look for NaN and infinities unless both propagate.
 *
 * @param <V> what Spark holds a value of the column in
 */
record TensorReader<V>(TensorType<V> type, FaultRules rules) implements Serializable {
  /**
   * One record's tensor, ready to be normalised.
   *
   * @throws DataFaultException on a fault whose policy is to fail
   */
  CheckedTensor read(V value, RecordShape shape) {
    return read(value, shape, !rules.policies().propagateNonFinite());
  }

  /** As {@link #read}, counting NaN and infinities even where both propagate. */
  CheckedTensor readAndCount(V value, RecordShape shape) {
    return read(value, shape, true);
  }

  /**
   * How many elements a tensor has whose shape is its own; 1, so that there is a shape to refuse it
   * by, where it has none or is ragged.
   */
  int lengthOf(V value) {
    return value == null ? 1 : Math.max(1, type.length(value, RecordShape.open(type.depth())));
  }

  /**
   * The elements of neighbouring records of a column of flat arrays, null unless all have the same
   * length, which the shape accepts, and none has a fault.
   *
   * @param to the record after the last
   */
  Elements readFaultless(ColumnVector column, int from, int to, RecordShape shape) {
    Elements elements = PrimitiveArrays.readTogether(column, from, to, type.elementType());
    return elements == null
            || !shape.accepts(elements.length() / (to - from))
            || elements.hasNonFinite()
        ? null
        : elements;
  }

  private CheckedTensor read(V value, RecordShape shape, boolean looksForNonFinite) {
    if (value == null) {
      Policy policy = rules.of(Fault.NULL_ARRAY);
      if (policy == Policy.FAIL) {
        throw rules.nullArray();
      }

      return CheckedTensor.missing(Fault.NULL_ARRAY, policy == Policy.DROP_RECORD);
    }

    int length = type.length(value, shape.nesting());
    if (!shape.accepts(length)) {
      Policy policy = rules.of(Fault.WRONG_LENGTH);
      if (policy == Policy.FAIL) {
        throw rules.wrongLength(shape.refusal(length));
      }

      return CheckedTensor.missing(Fault.WRONG_LENGTH, policy == Policy.DROP_RECORD);
    }

    BitSet nulls = type.nulls(value);
    Elements elements = type.elements(value, length);
    return nulls.isEmpty() && !(looksForNonFinite && elements.hasNonFinite())
        ? CheckedTensor.clean(elements)
        : examine(elements, nulls, shape.view(length));
  }

  private CheckedTensor examine(Elements elements, BitSet nulls, TensorView view) {
    FaultTally faults = new FaultTally();
    BitSet skipped = new BitSet(0);
    boolean dropped = false;
    for (int i = 0; i < elements.length(); i++) {
      Fault fault = faultOf(elements.get(i), nulls.get(i));
      if (fault == null) {
        continue;
      }

      faults.count(fault);
      switch (rules.of(fault)) {
        case FAIL -> throw rules.element(fault, i, view.channelOf(i), elements.get(i));
        case DROP_RECORD -> dropped = true;
        case SKIP_VALUE -> {
          skipped.set(i);
          elements.set(i, Double.NaN);
        }
        case PROPAGATE -> {
          if (fault == Fault.NULL_ELEMENT) {
            elements.set(i, Double.NaN);
          }
        }
      }
    }

    return new CheckedTensor(elements, nulls, skipped, faults, dropped);
  }

  private static Fault faultOf(double value, boolean isNull) {
    if (isNull) {
      return Fault.NULL_ELEMENT;
    }

    if (Double.isNaN(value)) {
      return Fault.NAN;
    }

    return Double.isInfinite(value) ? Fault.INFINITY : null;
  }
}
