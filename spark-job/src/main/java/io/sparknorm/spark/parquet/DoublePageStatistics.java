package io.sparknorm.spark.parquet;

import org.apache.parquet.column.statistics.DoubleStatistics;
import org.apache.parquet.column.statistics.Statistics;

/**
 * Minimum and maximum of a page of doubles by Parquet's rules: a minimum of zero is -0.0 and a
 * maximum of zero is +0.0. A page with NaN has NaN for both, which tells parquet-java to leave out
 * the column index; its chunk then has neither, because a NaN must not be written.
 */
final class DoublePageStatistics extends DoubleStatistics {
  /** Sets the range of a page with values; an end that is NaN stands for a page with NaN. */
  void setRange(double min, double max) {
    if (Double.isNaN(min) || Double.isNaN(max)) {
      setMinMax(Double.NaN, Double.NaN);
    } else {
      setMinMax(min == 0 ? -0.0 : min, max == 0 ? 0.0 : max);
    }
  }

  /** The statistics of a chunk that starts with this page: parquet-java merges its other pages. */
  @Override
  public DoubleStatistics copy() {
    DoubleStatistics chunk = new OfChunk();
    chunk.mergeStatistics(this);
    return chunk;
  }

  private static final class OfChunk extends DoubleStatistics {
    private boolean hasNan;

    @Override
    public void mergeStatisticsMinMax(Statistics page) {
      hasNan |= Double.isNaN(((DoubleStatistics) page).getMin());
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
