package io.sparknorm.spark.parquet;

import java.io.Serializable;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.Seq;
import scala.collection.immutable.List;
import scala.collection.immutable.List$;

/**
 * The columns to read, as tensors and others.
 *
 * @param required all of them, in the order of the batches to make; those that part the files
 *     follow
 */
record TensorSplit(StructType required, StructType tensors, StructType others)
    implements Serializable {

  static TensorSplit of(StructType required) {
    StructType tensors = new StructType();
    StructType others = new StructType();
    for (StructField field : required.fields()) {
      if (isTensor(field)) {
        tensors = tensors.add(field);
      } else {
        others = others.add(field);
      }
    }
    return new TensorSplit(required, tensors, others);
  }

  private static boolean isTensor(StructField field) {
    return field.dataType() instanceof ArrayType array
        && ElementType.of(array.elementType()) != null;
  }

  /** The vectors of a batch of the others and of its tensors, in order. */
  ColumnVector[] join(ColumnarBatch others, TensorFileReader file) {
    ColumnVector[] vectors = new ColumnVector[others.numCols() + tensors.length()];
    int tensor = 0;
    for (int i = 0; i < vectors.length; i++) {
      if (i < required.length() && isTensor(required.apply(i))) {
        vectors[i] = file.vector(tensor++);
      } else {
        vectors[i] = others.column(i - tensor);
      }
    }
    return vectors;
  }

  /**
   * Names of the vectors' classes, which generated code casts to: of a tensor it may be ours or
   * Spark's.
   *
   * @param spark names of Spark's, of all columns
   */
  static List<String> vectorTypes(StructType required, Seq<String> spark) {
    List<String> names = List$.MODULE$.empty();
    for (int i = spark.length() - 1; i >= 0; i--) {
      boolean isTensor = i < required.length() && isTensor(required.apply(i));
      names = names.$colon$colon(isTensor ? ColumnVector.class.getName() : spark.apply(i));
    }
    return names;
  }
}
