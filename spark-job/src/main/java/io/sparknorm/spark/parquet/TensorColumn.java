package io.sparknorm.spark.parquet;

import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.io.ParquetDecodingException;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;

/**
 * A top-level column of arrays of floats or doubles in Parquet's three-level form, which is written
 * and read page by page.
 *
 * @param ordinal position in the Parquet schema
 * @param leaf the Parquet column of the elements
 * @param nullable whether an array may be null
 * @param containsNull whether an element may be null
 */
record TensorColumn(
    int ordinal,
    ColumnDescriptor leaf,
    ElementType elementType,
    boolean nullable,
    boolean containsNull) {

  /** The column at {@code ordinal} of both schemas, or null if it is not such a column. */
  static TensorColumn find(int ordinal, StructField field, MessageType schema) {
    if (!(field.dataType() instanceof ArrayType array)) {
      return null;
    }
    ElementType elementType = ElementType.of(array.elementType());
    Type column = schema.getType(ordinal);
    if (elementType == null || !isStandardList(column, elementType)) {
      return null;
    }
    GroupType list = column.asGroupType();
    GroupType repeated = list.getType(0).asGroupType();
    Type element = repeated.getType(0);
    ColumnDescriptor leaf =
        schema.getColumnDescription(
            new String[] {list.getName(), repeated.getName(), element.getName()});
    return new TensorColumn(
        ordinal,
        leaf,
        elementType,
        list.isRepetition(Repetition.OPTIONAL),
        element.isRepetition(Repetition.OPTIONAL));
  }

  private static boolean isStandardList(Type column, ElementType elementType) {
    if (column.isPrimitive()
        || column.isRepetition(Repetition.REPEATED)
        || !LogicalTypeAnnotation.listType().equals(column.getLogicalTypeAnnotation())
        || column.asGroupType().getFieldCount() != 1) {
      return false;
    }
    Type repeated = column.asGroupType().getType(0);
    if (!repeated.isRepetition(Repetition.REPEATED)
        || repeated.isPrimitive()
        || repeated.asGroupType().getFieldCount() != 1
        || isElement(repeated, column)) {
      return false;
    }
    Type element = repeated.asGroupType().getType(0);
    return element.isPrimitive()
        && !element.isRepetition(Repetition.REPEATED)
        && element.asPrimitiveType().getPrimitiveTypeName() == elementType.primitive();
  }

  /** By Parquet's rules for old files, a group of these names is itself the element. */
  private static boolean isElement(Type repeated, Type list) {
    return repeated.getName().equals("array")
        || repeated.getName().equals(list.getName() + "_tuple");
  }

  /** The definition level of an element that is there. */
  int elementLevel() {
    return leaf.getMaxDefinitionLevel();
  }

  /** The definition level of an element that is null, where {@link #containsNull()}. */
  int nullElementLevel() {
    return elementLevel() - 1;
  }

  /** The definition level of an array without elements. */
  int emptyLevel() {
    return nullable ? 1 : 0;
  }

  String name() {
    return leaf.getPath()[0];
  }

  /** That what a file holds of the column cannot be read. */
  ParquetDecodingException damaged(String what) {
    return new ParquetDecodingException("Cannot read column %s: %s".formatted(name(), what));
  }
}
