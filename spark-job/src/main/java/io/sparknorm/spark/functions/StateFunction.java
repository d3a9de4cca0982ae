package io.sparknorm.spark.functions;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructType;

/** A function of saved moments. */
public abstract class StateFunction implements UnboundFunction {
  private static final DataType STATE = MomentsResult.STATE.type();

  private final Signature signature;
  private final CatalogContext context;

  StateFunction(Signature signature, CatalogContext context) {
    this.signature = signature;
    this.context = context;
  }

  @Override
  public final BoundFunction bind(StructType inputType) {
    if (inputType.size() == 0) {
      throw new UnsupportedOperationException(
          "Wrong number of inputs: 0 (expected %s)".formatted(signature.usage()));
    }

    DataType type = inputType.fields()[0].dataType();
    if (!(type instanceof BinaryType || type instanceof NullType)) {
      throw new UnsupportedOperationException(
          "Invalid state: type %s (expected binary)".formatted(type.simpleString()));
    }

    signature.check(inputType);
    return bound(context.qualified(signature.name()));
  }

  /** The function, once its arguments have been checked. */
  abstract BoundFunction bound(String name);

  @Override
  public final String name() {
    return signature.name();
  }

  @Override
  public final String description() {
    return signature.usage() + ": " + signature.summary();
  }

  /** Reads a state for a function of this name, which a refusal names. */
  static Moments read(byte[] state, String function) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(state))) {
      Moments moments = Moments.read(in);
      if (in.available() > 0) {
        throw new IllegalArgumentException(
            "Cannot read moments: %d bytes follow the state".formatted(in.available()));
      }

      return moments;
    } catch (IllegalArgumentException e) {
      throw refused(function, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JobException refused(String function, IllegalArgumentException why) {
    return new JobException(
        LeavingStatus.DATA, "Cannot call %s: %s".formatted(function, why.getMessage()), why);
  }

  static JobException tooManyValues(String function, ArithmeticException cause) {
    return new JobException(
        LeavingStatus.DATA,
        "Cannot call %s: the values of a channel are more than %d"
            .formatted(function, Long.MAX_VALUE),
        cause);
  }

  /** {@code moments_of(state)}. */
  public static final class MomentsOf extends StateFunction {
    MomentsOf(Signature signature, CatalogContext context) {
      super(signature, context);
    }

    @Override
    BoundFunction bound(String name) {
      return new Bound(name);
    }

    /** Called by generated code: {@code invoke} stays public and keeps its name. */
    public static final class Bound extends BoundScalar<ArrayData> {
      private static final long serialVersionUID = 1L;

      Bound(String name) {
        super(name, MomentsResult.STATISTICS.type(), STATE);
      }

      public ArrayData invoke(byte[] state) {
        return state == null ? null : MomentsResult.STATISTICS.of(read(state, name()));
      }
    }
  }

  /** {@code subtract_moments(state, less)}. */
  public static final class Subtract extends StateFunction {
    Subtract(Signature signature, CatalogContext context) {
      super(signature, context);
    }

    @Override
    BoundFunction bound(String name) {
      return new Bound(name);
    }

    /** Called by generated code: {@code invoke} stays public and keeps its name. */
    public static final class Bound extends BoundScalar<byte[]> {
      private static final long serialVersionUID = 1L;

      Bound(String name) {
        super(name, STATE, STATE, STATE);
      }

      public byte[] invoke(byte[] state, byte[] less) {
        if (state == null || less == null) {
          return null;
        }

        try {
          Moments left = read(state, name()).subtract(read(less, name()));
          return MomentsResult.STATE.of(left);
        } catch (IllegalArgumentException e) {
          throw refused(name(), e);
        }
      }
    }
  }
}
