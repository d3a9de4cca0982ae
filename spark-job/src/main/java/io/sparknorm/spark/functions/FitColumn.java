package io.sparknorm.spark.functions;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.models.ElementType;
import java.io.Serializable;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;

/**
 * What a fit adds up of one column of tensors.
 *
 * @param kind what is added up
 * @param reader what takes the tensors out of the column
 * @param shape of the tensors
 * @param weight how many times each record counts
 * @param grouping what is added up for each group
 * @param <V> what Spark holds a value of the column in
 */
public record FitColumn<V>(
    FitKind kind, TensorReader<V> reader, RecordShape shape, Weight weight, Grouping grouping)
    implements Serializable {
  /**
   * A column of tensors of this shape.
   *
   * @throws JobException if the type does not hold such tensors
   */
  public static FitColumn<?> of(
      DataType type, FitKind kind, TensorShape shape, FaultRules rules, Weight weight) {
    try {
      TensorType<?> tensors = TensorType.of(type);
      RecordShape recordShape = RecordShape.of(shape, tensors.depth());
      return new FitColumn<>(
          kind, new TensorReader<>(tensors, rules), recordShape, weight, Grouping.NONE);
    } catch (IllegalArgumentException e) {
      throw JobException.data("Cannot fit %s: %s".formatted(rules.subject(), e.getMessage()));
    }
  }

  /** The same column, added up for each group. */
  public FitColumn<V> groupedBy(Grouping groups) {
    return new FitColumn<>(kind, reader, shape, weight, groups);
  }

  /** How many channels the moments have; 0 where none are added up. */
  public int momentChannels() {
    return kind.momentChannels(shape.shape().channels());
  }

  /** The least memory, in bytes, that moments of the column take in a task. */
  public long leastBytes() {
    int channels = momentChannels();
    if (kind != FitKind.CHANNEL_MOMENTS || !grouping.isEmpty()) {
      return Moments.leastBytes(channels); // adds value by value
    }

    return reader.type().elementType() == ElementType.FLOAT
        ? Moments.leastBytesForFloats(channels)
        : Moments.leastBytesForDoubles(channels);
  }

  /**
   * Adds what was found of the column.
   *
   * @throws JobException if a channel's values are more than can be counted
   */
  public <T> T sum(Supplier<T> addition) {
    try {
      return addition.get();
    } catch (ArithmeticException e) {
      throw weight.tooManyValues(reader.rules().subject(), e);
    }
  }

  /** Whether neighbouring records can be added as one. */
  boolean takesBatches() {
    return kind.isByElement()
        && weight.isOne()
        && grouping.isEmpty()
        && reader.type() instanceof ArrayTensorType
        && reader.type().depth() == 1;
  }

  /** The elements of neighbouring records, as of {@link TensorReader#readFaultless}. */
  Elements readTogether(ColumnVector column, int from, int to) {
    return reader.readFaultless(column, from, to, shape);
  }

  /** Adds so many records. */
  void addTogether(Elements elements, int records, FitState state) {
    TensorView one = shape.view(elements.length() / records);
    TensorView all = new TensorView(records * one.outer(), one.channels(), one.inner());
    state.countFaultless(records);
    add(CheckedTensor.clean(elements), all, records, 1, state);
  }

  CheckedTensor read(InternalRow row, int ordinal) {
    return reader.readAndCount(
        row.isNullAt(ordinal) ? null : reader.type().get(row, ordinal), shape);
  }

  void add(CheckedTensor tensor, long times, FitState state) {
    add(tensor, shape.view(tensor.elements().length()), 1, times, state);
  }

  private void add(CheckedTensor tensor, TensorView view, int records, long times, FitState state) {
    try {
      kind.add(tensor, view, times, state);
      state.countAdded(records);
    } catch (ArithmeticException e) {
      throw weight.tooManyValues(reader.rules().subject(), e);
    } catch (IllegalArgumentException e) {
      throw reader.rules().refused(e);
    }
  }
}
