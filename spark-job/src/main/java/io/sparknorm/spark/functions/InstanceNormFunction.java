package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.RecordNorm;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code instance_norm(x, channels [, layout [, epsilon]])}. */
public final class InstanceNormFunction extends PlainFunction {
  InstanceNormFunction(Signature signature, CatalogContext context) {
    super(signature, context);
  }

  @Override
  BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    return new Bound(name, reader, inputTypes);
  }

  private record Channels(int channels, Layout layout, double epsilon) implements NormArguments {
    @Override
    public RecordNorm norm() {
      return new InstanceNorm(Denominator.insideSqrt(epsilon), Affine.NONE, Activation.NONE);
    }

    @Override
    public RecordShape shape(int depth) {
      NormArguments.checkPositive("channels", channels);
      return RecordShape.ofChannels(channels, layout, depth);
    }
  }

  /** Called by generated code: {@code invoke} stays public and keeps its name. */
  public static final class Bound extends BoundNorm {
    private static final long serialVersionUID = 1L;

    Bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
      super(name, reader, inputTypes);
    }

    public ArrayData invoke(ArrayData x, int channels) {
      return apply(x, new Channels(channels, Layout.CHANNELS_FIRST, NormFunctions.EPSILON));
    }

    public ArrayData invoke(ArrayData x, int channels, UTF8String layout) {
      return invoke(x, channels, layout, NormFunctions.EPSILON);
    }

    public ArrayData invoke(ArrayData x, int channels, UTF8String layout, double epsilon) {
      return layout == null ? null : apply(x, new Channels(channels, layoutOf(layout), epsilon));
    }
  }
}
