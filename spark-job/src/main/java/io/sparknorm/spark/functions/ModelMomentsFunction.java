package io.sparknorm.spark.functions;

import io.sparknorm.spark.models.ModelId;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.StructType;

/** {@code norm.<model>.moments()}: the state that a version of a model was derived from. */
public final class ModelMomentsFunction implements UnboundFunction {
  private final ModelId id;
  private final byte[] state;
  private final CatalogContext context;

  ModelMomentsFunction(ModelId id, byte[] state, CatalogContext context) {
    this.id = id;
    this.state = state;
    this.context = context;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    if (inputType.size() > 0) {
      throw new UnsupportedOperationException(
          "Wrong number of inputs: %d (expected %s)"
              .formatted(inputType.size(), NormFunctions.MOMENTS.usage()));
    }

    return new Bound(context.qualified(id.name() + "." + name()), state);
  }

  @Override
  public String name() {
    return NormFunctions.MOMENTS.name();
  }

  @Override
  public String description() {
    return "%s: the exact moments of model %s".formatted(NormFunctions.MOMENTS.usage(), id);
  }

  /** Called by generated code: {@code invoke} stays public and keeps its name. */
  public static final class Bound extends BoundScalar<byte[]> {
    private static final long serialVersionUID = 1L;

    private final byte[] state;

    Bound(String name, byte[] state) {
      super(name, MomentsResult.STATE.type());
      this.state = state;
    }

    public byte[] invoke() {
      return state;
    }

    @Override
    public boolean isResultNullable() {
      return false;
    }
  }
}
