package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.functions.FaultRules;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitKind;
import io.sparknorm.spark.functions.GroupKey;
import io.sparknorm.spark.functions.Grouping;
import io.sparknorm.spark.functions.Weight;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.util.SizeEstimator;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class TestFitMemory {
  private static final long GIBIBYTE = 1 << 30;
  private static final int WIDE = 30_000;

  private static List<FitColumn<?>> column(int channels, DataType element, FitKind kind) {
    return List.of(
        FitColumn.of(
            DataTypes.createArrayType(element),
            kind,
            TensorShape.vector(channels),
            FaultRules.ofColumn("x", FaultPolicies.DEFAULT),
            Weight.ONE));
  }

  @Test
  void aMillionChannelsFitInto1GiBForTheDriverAnd2ForAnExecutorOf2Tasks() {
    FitMemory memory = new FitMemory(2 * GIBIBYTE, 2, false, GIBIBYTE);

    assertThatCode(
            () -> memory.check(column(1_000_000, DataTypes.FloatType, FitKind.CHANNEL_MOMENTS)))
        .doesNotThrowAnyException();
  }

  @Test
  void tooManyChannelsForAnExecutorAreRefusedWithTheFigureAndTheRemedy() {
    FitMemory memory = new FitMemory(2 * GIBIBYTE, 8, false, GIBIBYTE);

    assertThatThrownBy(
            () -> memory.check(column(1_000_000, DataTypes.FloatType, FitKind.CHANNEL_MOMENTS)))
        .hasMessage(
            "Cannot fit: the moments of 1000000 channels take at least 225 MiB in each of 8 tasks"
                + " at once, 1800 MiB in all, and the heap of an executor of 2048 MiB has 1748 MiB"
                + " for them (raise spark.executor.memory, or lower spark.executor.cores)")
        .asInstanceOf(InstanceOfAssertFactories.type(JobException.class))
        .extracting(JobException::status)
        .isEqualTo(LeavingStatus.USAGE);
  }

  @Test
  void tooManyChannelsForTheDriverAreRefused() {
    FitMemory memory = new FitMemory(64 * GIBIBYTE, 1, false, GIBIBYTE);

    assertThatThrownBy(
            () -> memory.check(column(20_000_000, DataTypes.FloatType, FitKind.CHANNEL_MOMENTS)))
        .hasMessage(
            "Cannot fit: the statistics of 20000000 channels take at least 1220 MiB, and the"
                + " driver's heap of 1024 MiB has 724 MiB for them (raise spark.driver.memory)");
  }

  @Test
  void localTasksShareTheDriversHeap() {
    FitMemory memory = new FitMemory(GIBIBYTE, 4, true, GIBIBYTE);

    assertThatThrownBy(
            () -> memory.check(column(1_000_000, DataTypes.DoubleType, FitKind.CHANNEL_MOMENTS)))
        .hasMessageContaining("and the Java heap of 1024 MiB has 724 MiB for them (raise")
        .hasMessageEndingWith(
            "spark.driver.memory, or run fewer tasks at once by --master local[n])");
  }

  @Test
  void localModeRunsAsManyTasksAsItsMasterSays() {
    assertThat(FitMemory.localThreads("local")).isEqualTo(1);
    assertThat(FitMemory.localThreads("local[4]")).isEqualTo(4);
    assertThat(FitMemory.localThreads("local[12,3]")).isEqualTo(12);
    assertThat(FitMemory.localThreads("local[*]"))
        .isEqualTo(Runtime.getRuntime().availableProcessors());
  }

  @Test
  void countsTakeNoMemory() {
    FitMemory memory = new FitMemory(GIBIBYTE, 1000, true, GIBIBYTE);

    assertThatCode(() -> memory.check(column(2_000_000_000, DataTypes.FloatType, FitKind.COUNTS)))
        .doesNotThrowAnyException();
  }

  @Test
  void theFiguresAreThoseOfStatesInMemory() {
    Random random = new Random(1);
    Moments floats = new Moments(WIDE);
    Moments doubles = new Moments(WIDE);
    Moments values = new Moments(WIDE);
    TensorView view = new TensorView(1, WIDE, 1);
    double[] record = random.doubles(WIDE, 1, 2).toArray();
    float[] floatRecord = new float[WIDE];
    for (int c = 0; c < WIDE; c++) {
      floatRecord[c] = (float) record[c];
      values.add(c, record[c]);
    }

    // More than a window holds, so that the first ones have reached the limbs.
    for (int i = 0; i < 5000; i++) {
      floats.add(floatRecord, view);
      doubles.add(record, view);
    }

    assertLeast(Moments.leastBytesForFloats(WIDE), floats);
    assertLeast(Moments.leastBytesForDoubles(WIDE), doubles);
    assertLeast(Moments.leastBytes(WIDE), values);
  }

  private static void assertLeast(long least, Moments moments) {
    assertThat(SizeEstimator.estimate(moments)).isBetween(least, least * 5 / 4);
  }

  private static List<FitColumn<?>> grouped(int channels) {
    StructField key = new StructField("k", DataTypes.LongType, true, Metadata.empty());
    Grouping groups = new Grouping(GroupKey.of(List.of(key)), Variance.BIASED);
    return List.of(
        column(channels, DataTypes.FloatType, FitKind.CHANNEL_MOMENTS).get(0).groupedBy(groups));
  }

  @Test
  void allChannelsOfTwoGroupsFitIntoATask() {
    FitMemory memory = new FitMemory(2 * GIBIBYTE, 2, false, 64 * GIBIBYTE);

    assertThatCode(() -> memory.check(grouped(2_500_000))).doesNotThrowAnyException();
    assertThatThrownBy(() -> memory.check(grouped(3_000_000)))
        .hasMessage(
            "Cannot fit: groups, of which a task holds two with all channels, take at least 984 MiB"
                + " in each of 2 tasks at once, 1968 MiB in all, and the heap of an executor of"
                + " 2048 MiB has 1748 MiB for them (raise spark.executor.memory, or lower"
                + " spark.executor.cores)");
  }

  @Test
  void theMomentsOfAllGroupsTogetherFitIntoTheDriver() {
    FitMemory memory = new FitMemory(64 * GIBIBYTE, 2, false, GIBIBYTE);

    assertThatCode(() -> memory.check(grouped(1_800_000))).doesNotThrowAnyException();
    assertThatThrownBy(() -> memory.check(grouped(2_000_000)))
        .hasMessage(
            "Cannot fit: the statistics of 2000000 channels with the moments of all groups together"
                + " take at least 778 MiB, and the driver's heap of 1024 MiB has 724 MiB for them"
                + " (raise spark.driver.memory)");
  }

  @Test
  void theStatesOfPartitionsFitIntoTheDriver() {
    FitMemory memory = new FitMemory(64 * GIBIBYTE, 2, false, GIBIBYTE);
    List<FitColumn<?>> columns = column(20_000, DataTypes.FloatType, FitKind.CHANNEL_MOMENTS);

    assertThatCode(() -> memory.checkStates(columns, 2_500)).doesNotThrowAnyException();
    assertThatThrownBy(() -> memory.checkStates(columns, 3_650))
        .hasMessage(
            "Cannot fit: the states of 3650 partitions, of 20000 channels each, and their sum take at"
                + " least 911 MiB, and the driver's heap of 1024 MiB has 724 MiB for them (raise"
                + " spark.driver.memory, or narrow input.window)");
  }
}
