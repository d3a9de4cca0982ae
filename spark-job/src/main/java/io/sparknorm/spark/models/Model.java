package io.sparknorm.spark.models;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.config.NormSpec;
import java.util.List;
import java.util.Optional;

/**
 * A fitted normalizer: a norm, the shape and element type of the data it was fitted on, and, where
 * the norm needs them, its statistics.
 *
 * @param spec the norm and how its running statistics move
 * @param shape the shape of the records
 * @param elementType how the data stores its elements
 * @param channelNames the scalar columns that are the channels, empty for tensor columns
 * @param moments the exact state that the statistics were derived from, where the norm needs any
 * @param statistics of the dataset, where the norm needs any
 * @param running the running statistics, where they are kept
 */
public record Model(
    NormSpec spec,
    TensorShape shape,
    ElementType elementType,
    List<String> channelNames,
    Optional<Moments> moments,
    Optional<Statistics> statistics,
    Optional<RunningStatistics> running) {
  /** Which statistics to normalise by. */
  public enum Mode {
    /** The fitted dataset's own. */
    TRAIN,
    /** The running ones where they are kept, else the fitted dataset's own. */
    EVAL
  }

  /** The normalizer to apply. */
  public Normalizer normalizer(Mode mode) {
    throw new UnsupportedOperationException("in the making");
  }
}
