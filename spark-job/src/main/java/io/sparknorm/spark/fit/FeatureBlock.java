package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.lit;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.Names;
import io.sparknorm.spark.functions.FaultRules;
import io.sparknorm.spark.functions.GroupKey;
import io.sparknorm.spark.functions.TensorType;
import io.sparknorm.spark.functions.Weight;
import io.sparknorm.spark.models.ElementType;
import io.sparknorm.spark.models.RecordType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A block of features found in a dataset: one tensor column, or scalar columns that are the
 * channels of one tensor.
 *
 * @param spec what the job file says of it
 * @param fields the columns, in the order of the job file
 * @param type what all records have in common
 * @param weight how many times a fit counts each record
 * @param key by which records are grouped
 */
public record FeatureBlock(
    FeatureSpec spec, List<StructField> fields, RecordType type, Weight weight, GroupKey key) {
  public FeatureBlock {
    fields = List.copyOf(fields);
  }

  /**
   * Finds a block's columns.
   *
   * @param shape of one record
   * @throws JobException if a column is missing or cannot hold features
   */
  public static FeatureBlock find(FeatureSpec spec, TensorShape shape, StructType schema) {
    List<StructField> fields =
        spec.columns().stream().map(column -> field(column, schema)).toList();
    checkOutputs(spec, schema);
    ElementType elementType =
        spec.form() == FeatureSpec.Form.TENSOR
            ? tensorType(fields.get(0)).elementType()
            : scalarElementType(fields);
    return new FeatureBlock(
        spec,
        fields,
        new RecordType(shape, elementType, spec.channelNames()),
        spec.weight().map(column -> weight(field(column, schema))).orElse(Weight.ONE),
        spec.groupBy().isEmpty()
            ? GroupKey.NONE
            : GroupKey.of(spec.groupBy().stream().map(name -> key(name, schema)).toList()));
  }

  private static StructField key(String name, StructType schema) {
    return find(name, schema)
        .orElseThrow(
            () ->
                JobException.data(
                    "Cannot group by column %s: the input has %s%s"
                        .formatted(
                            name,
                            String.join(", ", schema.fieldNames()),
                            Names.nearest(name, List.of(schema.fieldNames()))
                                .map("; did you mean %s?"::formatted)
                                .orElse(""))));
  }

  private static Weight weight(StructField field) {
    if (field.dataType() instanceof NumericType) {
      return Weight.of(field);
    }

    throw JobException.data(
        "Cannot weigh by column %s: its type is %s (features.weight takes numbers)"
            .formatted(field.name(), field.dataType().simpleString()));
  }

  /** What the user knows the block as. */
  public String name() {
    return fields.size() == 1
        ? "column " + fields.get(0).name()
        : "columns %s .. %s".formatted(fields.get(0).name(), fields.get(fields.size() - 1).name());
  }

  /** The block as one tensor column. */
  public Column tensors(Dataset<Row> rows) {
    if (spec.form() == FeatureSpec.Form.TENSOR) {
      return column(rows, fields.get(0).name());
    }

    DataType element =
        type.elementType() == ElementType.FLOAT ? DataTypes.FloatType : DataTypes.DoubleType;
    return array(
        fields.stream()
            .map(field -> column(rows, field.name()).cast(element))
            .toArray(Column[]::new));
  }

  /** The weights as a column; empty if every record counts once. */
  Optional<Column> weights(Dataset<Row> rows) {
    return spec.weight().map(name -> weight.cast(column(rows, name)));
  }

  /** The columns of the key. */
  List<Column> keys(Dataset<Row> rows) {
    return spec.groupBy().stream().map(name -> column(rows, name)).toList();
  }

  /**
   * The output columns made from a column of normalised tensors, by name. Each has the element type
   * and the nullability of its input; integers become float.
   */
  public Map<String, Column> outputs(Column normalised) {
    Map<String, Column> outputs = new LinkedHashMap<>();
    if (spec.form() == FeatureSpec.Form.TENSOR) {
      outputs.put(spec.outputs().get(0), normalised);
      return outputs;
    }

    for (int c = 0; c < fields.size(); c++) {
      StructField field = fields.get(c);
      DataType type = scalarResult(field.dataType());
      Column value = normalised.getItem(c).cast(type);
      // Only a column that may hold nulls gives any, which Spark cannot see through an array.
      outputs.put(
          spec.outputs().get(c),
          field.nullable() ? value : coalesce(value, lit(Double.NaN).cast(type)));
    }

    return outputs;
  }

  /** How faults are treated, and named. */
  public FaultRules rules(FaultPolicies policies) {
    return spec.form() == FeatureSpec.Form.TENSOR
        ? FaultRules.ofColumn(fields.get(0).name(), policies)
        : FaultRules.ofColumns(type.channelNames(), policies);
  }

  /** A column by its name, whatever characters that has. */
  static Column column(Dataset<Row> rows, String name) {
    return rows.col("`" + name.replace("`", "``") + "`");
  }

  static StructField field(String column, StructType schema) {
    return find(column, schema)
        .orElseThrow(
            () ->
                JobException.data(
                    "Cannot find column %s: the input has %s"
                        .formatted(column, String.join(", ", schema.fieldNames()))));
  }

  private static Optional<StructField> find(String column, StructType schema) {
    return Arrays.stream(schema.fields())
        .filter(field -> field.name().equalsIgnoreCase(column))
        .findFirst();
  }

  /** An output column may take the place of its own input, and of no other column. */
  private static void checkOutputs(FeatureSpec spec, StructType schema) {
    for (int i = 0; i < spec.outputs().size(); i++) {
      String output = spec.outputs().get(i);
      boolean taken =
          Arrays.stream(schema.fieldNames()).anyMatch(name -> name.equalsIgnoreCase(output));
      if (taken && !output.equalsIgnoreCase(spec.columns().get(i))) {
        throw JobException.data(
            "Cannot write column %s: the input has a column of that name (choose another"
                    .formatted(output)
                + " features.output)");
      }
    }
  }

  private static TensorType<?> tensorType(StructField field) {
    try {
      return TensorType.of(field.dataType());
    } catch (IllegalArgumentException e) {
      throw JobException.data("Cannot read column %s: %s".formatted(field.name(), e.getMessage()));
    }
  }

  /** Float if every column is, else double: what the tensor is computed in. */
  private static ElementType scalarElementType(List<StructField> fields) {
    ElementType elementType = ElementType.FLOAT;
    for (StructField field : fields) {
      if (!(field.dataType() instanceof NumericType)) {
        throw JobException.data(
            "Cannot read column %s: its type is %s (features.columns takes numbers)"
                .formatted(field.name(), field.dataType().simpleString()));
      }

      if (!(field.dataType() instanceof FloatType)) {
        elementType = ElementType.DOUBLE;
      }
    }

    return elementType;
  }

  private static DataType scalarResult(DataType type) {
    return type instanceof FloatType || type instanceof IntegralType
        ? DataTypes.FloatType
        : DataTypes.DoubleType;
  }
}
