package io.sparknorm.spark.parquet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport.WriteContext;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a file: tensors and single floats and doubles, which are written in bulk, and the
 * ordinary ones.
 *
 * @param message the Parquet schema of all columns, as Spark makes it
 * @param metadata Spark's own key-value metadata of the file
 * @param tensors the columns of arrays that are written in bulk
 * @param scalars the columns of single values that are written in bulk
 * @param ordinaryOrdinals where the other columns stand in a row
 * @param ordinary the Spark schema of the other columns
 */
record FileSchema(
    MessageType message,
    Map<String, String> metadata,
    List<TensorColumn> tensors,
    List<ScalarColumn> scalars,
    List<Integer> ordinaryOrdinals,
    StructType ordinary) {

  /**
   * Divides the columns of a row.
   *
   * @param conf a write job's configuration, which holds {@code rows} for Spark's write support
   */
  static FileSchema of(StructType rows, Configuration conf) {
    WriteContext context = new ParquetWriteSupport().init(conf);
    List<TensorColumn> tensors = new ArrayList<>();
    List<ScalarColumn> scalars = new ArrayList<>();
    List<Integer> ordinaryOrdinals = new ArrayList<>();
    List<StructField> ordinary = new ArrayList<>();
    for (int ordinal = 0; ordinal < rows.length(); ordinal++) {
      StructField field = rows.apply(ordinal);
      TensorColumn tensor = TensorColumn.find(ordinal, field, context.getSchema());
      ScalarColumn scalar = ScalarColumn.find(ordinal, field, context.getSchema());
      if (tensor != null) {
        tensors.add(tensor);
      } else if (scalar != null) {
        scalars.add(scalar);
      } else {
        ordinaryOrdinals.add(ordinal);
        ordinary.add(field);
      }
    }
    return new FileSchema(
        context.getSchema(),
        context.getExtraMetaData(),
        List.copyOf(tensors),
        List.copyOf(scalars),
        List.copyOf(ordinaryOrdinals),
        new StructType(ordinary.toArray(new StructField[0])));
  }
}
