package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.models.Model;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.RecordType;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.StructType;

/**
 * {@code norm.<model>.apply(x)}: x normalised by a model of the store, by its running statistics
 * where it keeps them. A model over scalar columns takes an array of them.
 */
public final class ModelFunction implements UnboundFunction {
  private final ModelId id;
  private final Model model;
  private final CatalogContext context;

  ModelFunction(ModelId id, Model model, CatalogContext context) {
    this.id = id;
    this.model = model;
    this.context = context;
  }

  @Override
  public BoundFunction bind(StructType inputType) {
    TensorType<?> type = Arguments.onlyTensor(inputType);
    RecordType fitted = model.type();
    try {
      // The length, and so the shape, is each record's own and is held to the model's at run time.
      model.check(id, new RecordType(fitted.shape(), type.elementType(), fitted.channelNames()));
    } catch (JobException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }

    String function = id.name() + "." + NormFunctions.APPLY.name();
    return new NormaliseFunction(
            context.qualified(function), model.normalizer(Mode.EVAL), context.rules(function))
        .bind(inputType);
  }

  @Override
  public String name() {
    return NormFunctions.APPLY.name();
  }

  @Override
  public String description() {
    return "apply(x): x normalised by model %s, fitted on %s %s"
        .formatted(id, model.type().shape(), model.type().elementType());
  }
}
