package io.sparknorm.spark.functions;

import io.sparknorm.kernels.InstanceStatistics;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.moments.Moments;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;

/** A tensor's elements in a flat array, of the precision that arithmetic on them starts from. */
sealed interface Elements permits FloatElements, DoubleElements {
  int length();

  /** For single elements; whole tensors go by the methods below. */
  double get(int position);

  void set(int position, double value);

  Elements copy();

  boolean hasNonFinite();

  /**
   * Adds those of the elements at {@code from <= position < to} that are finite to {@code
   * sums[at]}, and their number to {@code sums[at + 1]}.
   */
  void addFinite(int from, int to, double[] sums, int at);

  /** Normalises in place. */
  void normalise(Normalizer normalizer);

  /** Normalises in place, leaving NaN elements out of every statistic. */
  void normaliseSkippingNaN(Normalizer normalizer);

  /** Adds the elements so many times. */
  void addTo(Moments moments, TensorView view, long times);

  InstanceStatistics instanceStatistics(TensorView view);

  /** Leaves NaN elements out. */
  InstanceStatistics presentInstanceStatistics(TensorView view);

  /** The elements rounded to float, themselves if they are floats. */
  FloatElements toFloats();

  /** Spark's form of the elements at {@code from <= position < to}. */
  UnsafeArrayData toArrayData(int from, int to);
}
