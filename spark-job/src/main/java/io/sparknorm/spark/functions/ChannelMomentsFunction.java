package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import io.sparknorm.spark.JobException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;

/**
 * {@code f(x [, channels [, layout]])}, an aggregate: exact moments of every channel, as count,
 * mean and biased variance or as a state. Null where no record has a tensor.
 */
public final class ChannelMomentsFunction extends PlainFunction {
  private final MomentsResult<?> result;

  private ChannelMomentsFunction(
      Signature signature, CatalogContext context, MomentsResult<?> result) {
    super(signature, context);
    this.result = result;
  }

  /** {@code channel_moments}. */
  static ChannelMomentsFunction ofStatistics(Signature signature, CatalogContext context) {
    return new ChannelMomentsFunction(signature, context, MomentsResult.STATISTICS);
  }

  /** {@code fit_moments}. */
  static ChannelMomentsFunction ofState(Signature signature, CatalogContext context) {
    return new ChannelMomentsFunction(signature, context, MomentsResult.STATE);
  }

  @Override
  BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    return new Bound<>(name, reader, inputTypes, result);
  }

  private record Bound<R>(
      String name, TensorReader<ArrayData> reader, DataType[] inputTypes, MomentsResult<R> result)
      implements FitAggregate<R> {
    @Override
    public void add(FitState state, InternalRow input) {
      ArrayData value = input.isNullAt(0) ? null : input.getArray(0);
      RecordShape shape = shape(state, value, input);
      CheckedTensor tensor = reader.read(value, shape);
      if (!tensor.isEmpty()) {
        FitKind.CHANNEL_MOMENTS.add(tensor, shape.view(tensor.elements().length()), 1, state);
      }
    }

    private RecordShape shape(FitState state, ArrayData value, InternalRow input) {
      int depth = reader.type().depth();
      if (inputTypes.length > 1) {
        return givenShape(input, depth);
      }

      // The first array says how many elements, each a channel, all the others have.
      int elements = state.moments() == null ? reader.lengthOf(value) : state.moments().channels();
      return RecordShape.ofElements(elements, depth);
    }

    private RecordShape givenShape(InternalRow input, int depth) {
      try {
        int channels = input.isNullAt(1) ? 0 : input.getInt(1);
        NormArguments.checkPositive("channels", channels);
        Layout layout =
            inputTypes.length == 2 ? Layout.CHANNELS_FIRST : Layouts.of(input.getUTF8String(2));
        return RecordShape.ofChannels(channels, layout, depth);
      } catch (IllegalArgumentException e) {
        throw JobException.usage("Cannot call %s: %s".formatted(name, e.getMessage()));
      }
    }

    @Override
    public R result(FitState state) {
      return state.moments() == null ? null : result.of(state.moments());
    }

    @Override
    public DataType resultType() {
      return result.type();
    }
  }
}
