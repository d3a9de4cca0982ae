package io.sparknorm.spark.parquet;

import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.StructField;

/**
 * A top-level column of floats or doubles, which is written page by page.
 *
 * @param ordinal position in the rows to write
 * @param leaf the Parquet column
 */
record ScalarColumn(int ordinal, ColumnDescriptor leaf, ElementType elementType) {
  /** The column at {@code ordinal} of both schemas, or null if it is not such a column. */
  static ScalarColumn find(int ordinal, StructField field, MessageType schema) {
    ElementType elementType = ElementType.of(field.dataType());
    if (elementType == null) {
      return null;
    }
    Type column = schema.getType(ordinal);
    ColumnDescriptor leaf = schema.getColumnDescription(new String[] {column.getName()});
    return new ScalarColumn(ordinal, leaf, elementType);
  }

  /** The definition level of a value that is there; null is one below. */
  int valueLevel() {
    return leaf.getMaxDefinitionLevel();
  }

  boolean nullable() {
    return valueLevel() > 0;
  }

  String name() {
    return leaf.getPath()[0];
  }
}
