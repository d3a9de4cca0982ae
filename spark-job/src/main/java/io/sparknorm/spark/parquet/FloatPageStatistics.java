package io.sparknorm.spark.parquet;

import org.apache.parquet.column.statistics.FloatStatistics;
import org.apache.parquet.column.statistics.Statistics;

/**
 * Minimum and maximum of a page of floats by Parquet's rules: a minimum of zero is -0.0 and a
 * maximum of zero is +0.0. A page with NaN has NaN for both, which tells parquet-java to leave out
 * the column index; its chunk then has neither, because a NaN must not be written.
 */
final class FloatPageStatistics extends FloatStatistics {
  /** Sets the range of a page with values; an end that is NaN stands for a page with NaN. */
  void setRange(float min, float max) {
    if (Float.isNaN(min) || Float.isNaN(max)) {
      setMinMax(Float.NaN, Float.NaN);
    } else {
      setMinMax(min == 0 ? -0.0f : min, max == 0 ? 0.0f : max);
    }
  }

  /** The statistics of a chunk that starts with this page: parquet-java merges its other pages. */
  @Override
  public FloatStatistics copy() {
    FloatStatistics chunk = new OfChunk();
    chunk.mergeStatistics(this);
    return chunk;
  }

  private static final class OfChunk extends FloatStatistics {
    private boolean hasNan;

    @Override
    public void mergeStatisticsMinMax(Statistics page) {
      hasNan |= Float.isNaN(((FloatStatistics) page).getMin());
      if (!hasNan) {
        super.mergeStatisticsMinMax(page);
      }
    }

    @Override
    public boolean hasNonNullValue() {
      return !hasNan && super.hasNonNullValue();
    }
  }
}
