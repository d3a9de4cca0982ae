package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestFitTask {
  private static final TensorShape SINGLE = TensorShape.vector(3);
  private static final TensorShape IMAGES = TensorShape.ofChannels(2, Layout.CHANNELS_LAST);

  private static FitColumn<?> column(
      DataType elements, TensorShape shape, FitKind kind, Policy policy, Weight weight) {
    FaultPolicies policies = new FaultPolicies(policy, policy, policy, policy, policy);
    return FitColumn.of(
        DataTypes.createArrayType(elements),
        kind,
        shape,
        FaultRules.ofColumn("x", policies),
        weight);
  }

  private static List<FitColumn<?>> columns(Policy policy) {
    return List.of(
        column(DataTypes.FloatType, SINGLE, FitKind.CHANNEL_MOMENTS, policy, Weight.ONE),
        column(DataTypes.DoubleType, IMAGES, FitKind.CHANNEL_MOMENTS, policy, Weight.ONE),
        column(DataTypes.IntegerType, SINGLE, FitKind.COUNTS, policy, Weight.ONE));
  }

  /** Records of floats, of doubles whose number changes, and of integers. */
  private static ColumnarBatch batch(int records, int pixels, double faults, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<OnHeapColumnVector> vectors =
        columns(Policy.FAIL).stream()
            .map(column -> new OnHeapColumnVector(records, column.reader().type().dataType()))
            .toList();
    for (int row = 0; row < records; row++) {
      boolean isOdd = random.nextDouble() < faults;
      int kind = isOdd ? random.nextInt(5) : -1;
      append(vectors.get(0), row, kind == 0 ? 2 : 3, kind, random);
      // Some records later, images have another size.
      append(vectors.get(1), row, 2 * pixels * (1 + row / 700 % 2), kind, random);
      append(vectors.get(2), row, 3, kind == 3 ? kind : -1, random);
    }

    return new ColumnarBatch(vectors.toArray(ColumnVector[]::new), records);
  }

  private static void append(
      WritableColumnVector arrays, int row, int length, int kind, SplittableRandom random) {
    WritableColumnVector elements = arrays.arrayData();
    int start = elements.getElementsAppended();
    if (kind == 1 && random.nextBoolean()) {
      arrays.putNull(row);
      return;
    }

    for (int i = 0; i < length; i++) {
      double value =
          kind == 2 && i == 1 ? Double.NaN : 5 + random.nextInt(1000) / 1000.0 * (row % 5);
      if (kind == 3 && i == 2) {
        elements.appendNull();
      } else if (elements.dataType().equals(DataTypes.FloatType)) {
        elements.appendFloat((float) value);
      } else if (elements.dataType().equals(DataTypes.DoubleType)) {
        elements.appendDouble(kind == 4 ? Double.NEGATIVE_INFINITY : value);
      } else {
        elements.appendInt(random.nextInt());
      }
    }

    arrays.putArray(row, start, length);
  }

  private static FitTask byRecord(List<FitColumn<?>> columns, ColumnarBatch batch) {
    FitTask task = new FitTask(columns);
    batch.rowIterator().forEachRemaining(task::add);
    return task;
  }

  private static List<ByteBuffer> states(FitTask task, List<FitColumn<?>> columns) {
    return IntStream.range(0, columns.size())
        .mapToObj(i -> ByteBuffer.wrap(task.state(i, 0, columns.get(i).momentChannels())))
        .toList();
  }

  @Property(tries = 60)
  void batchGivesTheBytesOfItsRecords(
      @ForAll @IntRange(min = 0, max = 3000) int records,
      @ForAll @IntRange(min = 0, max = 60) int pixels,
      @ForAll @IntRange(min = 0, max = 2) int faults,
      @ForAll long seed) {
    for (Policy policy : List.of(Policy.PROPAGATE, Policy.DROP_RECORD, Policy.SKIP_VALUE)) {
      List<FitColumn<?>> columns = columns(policy);
      double probability = List.of(0.0, 0.001, 0.1).get(faults);
      try (ColumnarBatch batch = batch(records, pixels, probability, seed)) {
        FitTask task = new FitTask(columns);
        task.add(batch);

        assertThat(states(task, columns)).isEqualTo(states(byRecord(columns, batch), columns));
      }
    }
  }

  @Test
  void faultFailsAsThatOfARecordDoes() {
    try (ColumnarBatch batch = batch(3000, 40, 0.01, 1)) {
      FitTask task = new FitTask(columns(Policy.FAIL));

      assertThatThrownBy(() -> task.add(batch))
          .isInstanceOf(DataFaultException.class)
          .hasMessageStartingWith("Cannot read column x: ");
    }
  }

  @ParameterizedTest
  @EnumSource
  void columnsThatAreAddedUpByElementTakeBatches(FitKind kind) {
    FitColumn<?> column = column(DataTypes.FloatType, IMAGES, kind, Policy.PROPAGATE, Weight.ONE);

    assertThat(new FitTask(List.of(column)).takesBatches())
        .isEqualTo(kind != FitKind.INSTANCE_STATISTICS);
  }

  @Test
  void weighedColumnsTakeNoBatches() {
    Weight weight = new Weight("n", DataTypes.LongType);
    FitColumn<?> column =
        column(DataTypes.FloatType, SINGLE, FitKind.CHANNEL_MOMENTS, Policy.PROPAGATE, weight);

    assertThat(new FitTask(List.of(column)).takesBatches()).isFalse();
  }
}
