package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.PrimitiveArrays;
import io.sparknorm.spark.models.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.CreateArray;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.JavaConverters;

/**
 * Columns of single numbers as one of arrays, which are filled column by column. Spark makes two
 * rows of each record for it, and beyond some hundred columns does so in methods that are too long
 * for Java's compiler.
 */
final class NumberArrays implements ViewedColumn {
  private static final long serialVersionUID = 1;

  private final ArrayType type;
  private final int[] ordinals;
  private final ElementType[] types;
  private transient WritableColumnVector arrays;

  private NumberArrays(ArrayType type, List<Scanned> numbers) {
    this.type = type;
    this.ordinals = numbers.stream().mapToInt(Scanned::ordinal).toArray();
    this.types = numbers.stream().map(Scanned::type).toArray(ElementType[]::new);
  }

  private record Scanned(int ordinal, ElementType type) {}

  /** Nothing unless it is an array of floats, or of doubles that are made of any numbers. */
  static Optional<ViewedColumn> find(CreateArray array, List<Attribute> scanned) {
    ArrayType type = array.dataType();
    List<Scanned> numbers = new ArrayList<>();
    for (Expression child : JavaConverters.seqAsJavaListConverter(array.children()).asJava()) {
      boolean isWidened = child instanceof Cast && child.dataType().equals(DataTypes.DoubleType);
      Expression number = isWidened ? ((Cast) child).child() : child;
      Optional<ElementType> found = PrimitiveArrays.elementType(number.dataType());
      if (!(number instanceof Attribute column) || found.isEmpty()) {
        return Optional.empty();
      }

      numbers.add(new Scanned(ViewedColumn.ordinal(column, scanned), found.get()));
    }

    boolean isTensor =
        type.elementType().equals(DataTypes.FloatType)
            || type.elementType().equals(DataTypes.DoubleType);
    return isTensor && !numbers.isEmpty()
        ? Optional.of(new NumberArrays(type, numbers))
        : Optional.empty();
  }

  @Override
  public ColumnVector of(ColumnarBatch batch) {
    prepare(batch.numRows());
    for (int c = 0; c < ordinals.length; c++) {
      fill(c, batch.column(ordinals[c]), batch.numRows());
    }

    return arrays;
  }

  private void prepare(int rows) {
    if (arrays == null) {
      arrays = new OnHeapColumnVector(rows, type);
    }

    arrays.reset();
    arrays.reserve(rows);
    arrays.arrayData().reserve(Math.multiplyExact(rows, ordinals.length));
    for (int row = 0; row < rows; row++) {
      arrays.putArray(row, row * ordinals.length, ordinals.length);
    }
  }

  /** By runs of rows that are not null: some vectors refuse to tell what a null stands for. */
  private void fill(int channel, ColumnVector column, int rows) {
    boolean mayBeNull = column.hasNull();
    for (int from = 0, to; from < rows; from = to) {
      to = mayBeNull ? endOfRun(column, from, rows) : rows;
      if (to > from) {
        copy(channel, new ColumnarArray(column, from, to - from), from);
      } else {
        arrays.arrayData().putNull(at(channel, from));
        to++;
      }
    }
  }

  private static int endOfRun(ColumnVector column, int from, int rows) {
    int end = from;
    while (end < rows && !column.isNullAt(end)) {
      end++;
    }

    return end;
  }

  private void copy(int channel, ColumnarArray values, int from) {
    WritableColumnVector elements = arrays.arrayData();
    if (type.elementType().equals(DataTypes.FloatType)) {
      float[] floats = values.toFloatArray();
      for (int i = 0; i < floats.length; i++) {
        elements.putFloat(at(channel, from + i), floats[i]);
      }
    } else {
      double[] doubles = PrimitiveArrays.doubles(values, types[channel]);
      for (int i = 0; i < doubles.length; i++) {
        elements.putDouble(at(channel, from + i), doubles[i]);
      }
    }
  }

  private int at(int channel, int row) {
    return row * ordinals.length + channel;
  }
}
