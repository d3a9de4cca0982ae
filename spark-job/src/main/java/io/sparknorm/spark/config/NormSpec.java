package io.sparknorm.spark.config;

import com.typesafe.config.Config;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code norm} group of a job file or of a manifest.
 *
 * @param norm the norm with its parameters
 * @param tracking how running statistics move, when they are kept
 */
public record NormSpec(Norm norm, Optional<Tracking> tracking) {
  /**
   * How running statistics move.
   *
   * @param momentum its value and convention
   * @param runningVariance which variance of the dataset enters the running one
   */
  public record Tracking(Momentum momentum, Variance runningVariance) {}

  /**
   * Reads the group; {@code mode}, which belongs to the run and not to the norm, is passed over.
   */
  public static NormSpec parse(Config norm, TensorShape shape) {
    throw new UnsupportedOperationException("in the making");
  }

  /** The group as a job file would have it, every default written out; {@link #parse} reads it. */
  public Map<String, Object> toMap() {
    throw new UnsupportedOperationException("in the making");
  }
}
