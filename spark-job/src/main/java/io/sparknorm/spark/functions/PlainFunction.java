package io.sparknorm.spark.functions;

import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/** A function of arrays whose parameters are arguments of the call. */
abstract class PlainFunction implements UnboundFunction {
  private final Signature signature;
  private final CatalogContext context;

  PlainFunction(Signature signature, CatalogContext context) {
    this.signature = signature;
    this.context = context;
  }

  @Override
  public final BoundFunction bind(StructType inputType) {
    if (inputType.size() == 0) {
      throw new UnsupportedOperationException(
          "Wrong number of inputs: 0 (expected %s)".formatted(signature.usage()));
    }

    if (!(Arguments.tensor(inputType) instanceof ArrayTensorType type)) {
      throw new UnsupportedOperationException(
          "Invalid x: type %s (arrays only; vector_to_array makes one of an ML vector)"
              .formatted(inputType.fields()[0].dataType().simpleString()));
    }

    signature.check(inputType);
    return bound(
        context.qualified(signature.name()),
        new TensorReader<>(type, context.rules(signature.name())),
        signature.inputTypes(inputType));
  }

  /** The function for arguments that have been checked. */
  abstract BoundFunction bound(String name, TensorReader<ArrayData> reader, DataType[] inputTypes);

  @Override
  public final String name() {
    return signature.name();
  }

  @Override
  public final String description() {
    return signature.usage() + ": " + signature.summary();
  }
}
