package io.sparknorm.spark.functions;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;

/**
 * An aggregate over a {@link FitState}. Between tasks the state travels as plain bytes: Spark reads
 * a travelled state with a class loader that knows its own classes and those of Java, but none of a
 * submitted jar's.
 *
 * @param <R> what Spark holds the result in
 */
interface FitAggregate<R> extends AggregateFunction<Serializable, R> {
  /** Adds a record. */
  void add(FitState state, InternalRow input);

  /** What takes the tensors out of records. */
  TensorReader<?> reader();

  R result(FitState state);

  @Override
  default Serializable newAggregationState() {
    return new FitState();
  }

  @Override
  default Serializable update(Serializable state, InternalRow input) {
    FitState current = FitState.of(state);
    try {
      add(current, input);
    } catch (IllegalArgumentException e) {
      throw reader().rules().refused(e);
    }

    return current;
  }

  @Override
  default Serializable merge(Serializable left, Serializable right) {
    try {
      return FitState.of(left).merge(FitState.of(right));
    } catch (IllegalArgumentException e) {
      throw reader().rules().refused(e);
    }
  }

  @Override
  default R produceResult(Serializable state) {
    return result(FitState.of(state));
  }
}
