package io.sparknorm.spark.config;

import com.typesafe.config.Config;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.RecordNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The {@code norm} group of a job file or of a manifest.
 *
 * @param norm the norm with its parameters
 * @param tracking how running statistics move, when they are kept
 */
public record NormSpec(Norm norm, Optional<Tracking> tracking) {
  /** The value of {@code momentum} that stands for the cumulative average. */
  static final String CUMULATIVE = "none";

  /**
   * How running statistics move.
   *
   * @param momentum its value and convention
   * @param runningVariance which variance of the dataset enters the running one
   */
  public record Tracking(Momentum momentum, Variance runningVariance) {}

  /**
   * Reads the group; {@code mode}, which belongs to the run and not to the norm, is passed over.
   *
   * @param shape of the records, which the norm must fit
   * @throws io.sparknorm.spark.JobException if the group has an unknown key, a key of another norm,
   *     or a value that breaks a rule
   */
  public static NormSpec parse(Config norm, TensorShape shape) {
    return NormReader.read(new Settings(norm.root(), "norm", "norm"), shape);
  }

  /** Whether the norm normalises, or may normalise, by statistics that a fit collects. */
  public boolean needsStatistics() {
    return norm instanceof DatasetNorm || tracking.isPresent();
  }

  /**
   * The group as a job file would have it, every default written out; {@link #parse} reads it.
   * Values are texts, numbers, truth values and lists of numbers.
   */
  public Map<String, Object> toMap() {
    return NormWriter.toMap(this);
  }

  /** The first key in which another norm differs; empty if both are the same. */
  public Optional<Difference> differenceFrom(NormSpec other) {
    Map<String, Object> ours = toMap();
    Map<String, Object> theirs = other.toMap();
    TreeSet<String> keys = new TreeSet<>(ours.keySet());
    keys.addAll(theirs.keySet());
    return keys.stream()
        .filter(key -> !Objects.equals(ours.get(key), theirs.get(key)))
        .findFirst()
        .map(key -> new Difference(key + " = " + ours.get(key), key + " = " + theirs.get(key)));
  }

  /**
   * Throws if the norm's parameters do not fit the shape.
   *
   * @throws IllegalArgumentException saying which parameter and why
   */
  void checkFits(TensorShape shape) {
    if (norm instanceof RecordNorm recordNorm) {
      recordNorm.normalizer(shape);
    } else if (norm instanceof DatasetNorm datasetNorm) {
      Coefficients statistics = Coefficients.of(new double[shape.channels()]);
      datasetNorm.normalizer(shape, statistics, statistics);
    }
  }
}
