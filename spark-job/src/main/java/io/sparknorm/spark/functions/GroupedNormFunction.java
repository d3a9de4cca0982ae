package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EvoNormS;
import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.RecordNorm;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code f(x, channels [, groups [, layout [, epsilon]]])}: a norm over groups of channels. */
public final class GroupedNormFunction extends PlainFunction {
  /** Which norm. */
  enum Kind {
    GROUP_NORM {
      @Override
      RecordNorm norm(int groups, double epsilon) {
        return new GroupNorm(groups, Denominator.insideSqrt(epsilon), Affine.NONE, Activation.NONE);
      }
    },
    EVONORM_S0 {
      @Override
      RecordNorm norm(int groups, double epsilon) {
        return new EvoNormS(
            EvoNormS.Variant.S0, groups, epsilon, Affine.NONE, Coefficients.NONE, true);
      }
    };

    abstract RecordNorm norm(int groups, double epsilon);
  }

  private final Kind kind;

  GroupedNormFunction(Kind kind, Signature signature, CatalogContext context) {
    super(signature, context);
    this.kind = kind;
  }

  @Override
  BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    return new Bound(kind, name, reader, inputTypes);
  }

  private record Groups(Kind kind, int channels, int groups, Layout layout, double epsilon)
      implements NormArguments {
    @Override
    public RecordNorm norm() {
      return kind.norm(groups, epsilon);
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

    private final Kind kind;

    Bound(Kind kind, String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
      super(name, reader, inputTypes);
      this.kind = kind;
    }

    public ArrayData invoke(ArrayData x, int channels) {
      return invoke(x, channels, NormFunctions.GROUPS);
    }

    public ArrayData invoke(ArrayData x, int channels, int groups) {
      return apply(
          x, new Groups(kind, channels, groups, Layout.CHANNELS_FIRST, NormFunctions.EPSILON));
    }

    public ArrayData invoke(ArrayData x, int channels, int groups, UTF8String layout) {
      return invoke(x, channels, groups, layout, NormFunctions.EPSILON);
    }

    public ArrayData invoke(
        ArrayData x, int channels, int groups, UTF8String layout, double epsilon) {
      return layout == null
          ? null
          : apply(x, new Groups(kind, channels, groups, layoutOf(layout), epsilon));
    }
  }
}
