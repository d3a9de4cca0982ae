package io.sparknorm.spark.parquet;

import java.util.Arrays;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;

/** A batch's tensors of one column. */
final class TensorVector extends FlatVector {
  private final ElementVector elements;

  /** Where a row's elements start; the row after it starts where they end. */
  private int[] starts = new int[1];

  private boolean[] nulls = new boolean[0];
  private int nullCount;
  private int rows;

  TensorVector(ArrayType type, ElementVector elements) {
    super(type);
    this.elements = elements;
  }

  /** Forgets all rows and makes room for others. */
  void clear(int capacity) {
    elements.clear();
    if (nulls.length < capacity) {
      starts = new int[capacity + 1];
      nulls = new boolean[capacity];
    } else if (nullCount > 0) {
      Arrays.fill(nulls, 0, rows, false);
    }
    nullCount = 0;
    rows = 0;
  }

  int rows() {
    return rows;
  }

  ElementVector elements() {
    return elements;
  }

  /**
   * Starts a row.
   *
   * @param firstElement where its elements start, which may still be to be added
   */
  void startRow(int firstElement) {
    starts[rows++] = firstElement;
  }

  /** Starts a row that is null. */
  void startNull() {
    nulls[rows] = true;
    nullCount++;
    startRow(elements.length());
  }

  /** Says that the last row has all its elements. */
  void endRows() {
    starts[rows] = elements.length();
  }

  @Override
  public void close() {
    elements.close();
  }

  @Override
  public boolean hasNull() {
    return nullCount > 0;
  }

  @Override
  public int numNulls() {
    return nullCount;
  }

  @Override
  public boolean isNullAt(int row) {
    return nulls[row];
  }

  @Override
  public ColumnarArray getArray(int row) {
    return new ColumnarArray(elements, starts[row], starts[row + 1] - starts[row]);
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    return elements;
  }
}
