package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * {@code channel_moments(x [, channels [, layout]])}, an aggregate: exact count, mean and biased
 * variance of every channel. Null where no record has a tensor.
 */
public final class ChannelMomentsFunction extends PlainFunction {
  private static final DataType RESULT =
      DataTypes.createArrayType(
          new StructType()
              .add("count", DataTypes.LongType, false)
              .add("mean", DataTypes.DoubleType, false)
              .add("variance", DataTypes.DoubleType, false),
          false);

  ChannelMomentsFunction(Signature signature, CatalogContext context) {
    super(signature, context);
  }

  @Override
  BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    return new Bound(name, reader, inputTypes);
  }

  private record Bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes)
      implements FitAggregate<ArrayData> {
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
    public ArrayData result(FitState state) {
      if (state.moments() == null) {
        return null;
      }

      Statistics statistics = state.moments().statistics();
      Object[] channels = new Object[statistics.channels()];
      for (int c = 0; c < channels.length; c++) {
        channels[c] =
            new GenericInternalRow(
                new Object[] {
                  statistics.count(c),
                  statistics.mean().get(c),
                  statistics.variance(Variance.BIASED).get(c)
                });
      }

      return new GenericArrayData(channels);
    }

    @Override
    public DataType resultType() {
      return RESULT;
    }
  }
}
