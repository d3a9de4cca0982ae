package io.sparknorm.spark.functions;

import io.sparknorm.kernels.moments.Moments;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.AggregateFunction;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;

/**
 * {@code merge_moments(state)}, an aggregate: the state of all values that went into any of the
 * states. Null where there is none.
 */
final class MergeMomentsFunction extends StateFunction {
  MergeMomentsFunction(Signature signature, CatalogContext context) {
    super(signature, context);
  }

  @Override
  BoundFunction bound(String name) {
    return new Bound(name);
  }

  /** Its state travels as that of {@link FitAggregate} does, and for the same reason. */
  private record Bound(String name) implements AggregateFunction<Serializable, byte[]> {
    @Override
    public Serializable newAggregationState() {
      return new FitState();
    }

    @Override
    public Serializable update(Serializable state, InternalRow input) {
      FitState current = FitState.of(state);
      if (!input.isNullAt(0)) {
        Moments more = read(input.getBinary(0), name);
        merge(current.moments(more.channels()), more);
      }

      return current;
    }

    private void merge(Moments moments, Moments more) {
      try {
        moments.merge(more);
      } catch (IllegalArgumentException e) {
        throw refused(name, e);
      } catch (ArithmeticException e) {
        throw tooManyValues(name, e);
      }
    }

    @Override
    public Serializable merge(Serializable left, Serializable right) {
      try {
        return FitState.of(left).merge(FitState.of(right));
      } catch (IllegalArgumentException e) {
        throw refused(name, e);
      } catch (ArithmeticException e) {
        throw tooManyValues(name, e);
      }
    }

    @Override
    public byte[] produceResult(Serializable state) {
      Moments moments = FitState.of(state).moments();
      return moments == null ? null : MomentsResult.STATE.of(moments);
    }

    @Override
    public DataType[] inputTypes() {
      return new DataType[] {MomentsResult.STATE.type()};
    }

    @Override
    public DataType resultType() {
      return MomentsResult.STATE.type();
    }
  }
}
