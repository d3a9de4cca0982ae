package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.RecordNorm;
import io.sparknorm.kernels.RmsNorm;
import java.util.List;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.types.DataType;

/** {@code f(x [, normalized_size [, epsilon]])}: a norm over blocks of neighbouring elements. */
public final class BlockNormFunction extends PlainFunction {
  /** Which norm. */
  enum Kind {
    LAYER_NORM {
      @Override
      RecordNorm norm(int size, double epsilon) {
        return new LayerNorm(
            List.of(size), Denominator.insideSqrt(epsilon), Affine.NONE, Activation.NONE);
      }
    },
    RMS_NORM {
      @Override
      RecordNorm norm(int size, double epsilon) {
        return RmsNorm.over(epsilon, size);
      }
    };

    abstract RecordNorm norm(int size, double epsilon);
  }

  private final Kind kind;

  BlockNormFunction(Kind kind, Signature signature, CatalogContext context) {
    super(signature, context);
    this.kind = kind;
  }

  @Override
  BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes) {
    return new Bound(kind, name, reader, inputTypes);
  }

  private record Blocks(Kind kind, int size, double epsilon) implements NormArguments {
    @Override
    public RecordNorm norm() {
      return kind.norm(size, epsilon);
    }

    @Override
    public RecordShape shape(int depth) {
      NormArguments.checkPositive("normalized_size", size);
      return RecordShape.ofBlocks(size, depth);
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

    public ArrayData invoke(ArrayData x) {
      return invoke(x, lengthOf(x));
    }

    public ArrayData invoke(ArrayData x, int normalizedSize) {
      return invoke(x, normalizedSize, NormFunctions.EPSILON);
    }

    public ArrayData invoke(ArrayData x, int normalizedSize, double epsilon) {
      return apply(x, new Blocks(kind, normalizedSize, epsilon));
    }
  }
}
