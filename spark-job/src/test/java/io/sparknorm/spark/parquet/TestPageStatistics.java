package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotEmpty;
import org.apache.parquet.column.statistics.DoubleStatistics;
import org.apache.parquet.column.statistics.FloatStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.junit.jupiter.api.Test;

class TestPageStatistics {
  @Property
  void aPageOfFloatsKnowsItsRange(@ForAll @NotEmpty float[] values) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    FloatStatistics statistics = (FloatStatistics) of(values);

    assertThat(statistics.getMin()).isEqualTo(min);
    assertThat(statistics.getMax()).isEqualTo(max);
  }

  @Property
  void aPageOfDoublesKnowsItsRange(@ForAll @NotEmpty double[] values) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    DoubleStatistics statistics = (DoubleStatistics) of(values);

    assertThat(statistics.getMin()).isEqualTo(min);
    assertThat(statistics.getMax()).isEqualTo(max);
  }

  @Test
  void zerosOfEitherSignAreWithinTheRange() {
    assertThat(of(new float[] {0.0f}).getMinBytes()).containsExactly(0, 0, 0, 0x80);
    assertThat(of(new float[] {-0.0f}).getMaxBytes()).containsExactly(0, 0, 0, 0);
    assertThat(of(new double[] {0.0}).getMinBytes()).containsExactly(0, 0, 0, 0, 0, 0, 0, 0x80);
    assertThat(of(new double[] {-0.0}).getMaxBytes()).containsOnly(0);
  }

  @Test
  void aPageWithNanOfEitherSignHasNoOtherRange() {
    float negativeNan = Float.intBitsToFloat(0xffc00001);

    assertThat(((FloatStatistics) of(new float[] {1, Float.NaN})).getMin()).isNaN();
    assertThat(((FloatStatistics) of(new float[] {1, negativeNan})).getMax()).isNaN();
    assertThat(((DoubleStatistics) of(new double[] {Double.NaN, 2})).getMax()).isNaN();
  }

  @Test
  void aChunkWithAPageWithNanHasNeitherMinimumNorMaximum() {
    Statistics<?> first = of(new float[] {1, 2});
    Statistics<?> second = of(new float[] {Float.NaN, 0});
    Statistics<?> third = of(new float[] {5, 6});
    Statistics<?> chunk = first.copy();
    chunk.mergeStatistics(second);
    chunk.mergeStatistics(third);
    Statistics<?> other = second.copy();
    other.mergeStatistics(third);

    assertThat(chunk.hasNonNullValue()).isFalse();
    assertThat(other.hasNonNullValue()).isFalse();
  }

  @Test
  void aChunkMergesTheRangesAndNullsOfItsPages() {
    Statistics<?> first = of(new double[] {1, 2});
    first.incrementNumNulls(2);
    Statistics<?> nulls = of(new double[0]);
    nulls.incrementNumNulls(3);
    DoubleStatistics chunk = (DoubleStatistics) nulls.copy();
    chunk.mergeStatistics(first);
    chunk.mergeStatistics(of(new double[] {-4}));

    assertThat(chunk.getMin()).isEqualTo(-4);
    assertThat(chunk.getMax()).isEqualTo(2);
    assertThat(chunk.getNumNulls()).isEqualTo(5);
  }

  private static Statistics<?> of(float[] values) {
    ByteBuffer page =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    page.asFloatBuffer().put(values);
    return ElementType.FLOAT.statistics(page.array(), page.capacity());
  }

  private static Statistics<?> of(double[] values) {
    ByteBuffer page =
        ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    page.asDoubleBuffer().put(values);
    return ElementType.DOUBLE.statistics(page.array(), page.capacity());
  }
}
