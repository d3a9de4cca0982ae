package io.sparknorm.spark.models;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.RecordNorm;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.config.NormSpec;
import java.util.Optional;

/**
 * A fitted normalizer: a norm, the type of the data it was fitted on, and, where the norm needs
 * them, its statistics.
 *
 * <p>A {@link DatasetNorm} has the statistics of its dataset. An {@link InstanceNorm} that keeps
 * running statistics has only those: they average the records' own means and unbiased variances,
 * which say nothing about the dataset as a whole. Every other norm has none.
 *
 * @param spec the norm and how its running statistics move
 * @param type of the records
 * @param statistics of the dataset, one mean and variance per channel
 * @param running the running statistics, where {@link NormSpec#tracking()} keeps them
 */
public record Model(
    NormSpec spec,
    RecordType type,
    Optional<Statistics> statistics,
    Optional<RunningStatistics> running) {
  public Model {
    Norm norm = spec.norm();
    if (norm instanceof DatasetNorm != statistics.isPresent()) {
      throw new IllegalArgumentException(
          "Invalid model: statistics of the dataset are %s (%s)"
              .formatted(
                  statistics.isPresent() ? "present" : "missing",
                  "batch-norm and evonorm-b need them, other norms have none"));
    }

    if (spec.tracking().isPresent() != running.isPresent()) {
      throw new IllegalArgumentException(
          "Invalid model: running statistics are %s (norm.momentum is %s)"
              .formatted(
                  running.isPresent() ? "present" : "missing",
                  spec.tracking().isPresent() ? "set" : "not set"));
    }

    if (running.isPresent() && norm instanceof RecordNorm && !(norm instanceof InstanceNorm)) {
      throw new IllegalArgumentException(
          "Invalid model: running statistics are present (only batch-norm, evonorm-b and"
              + " instance-norm keep them)");
    }

    int channels = type.shape().channels();
    statistics.ifPresent(some -> checkChannels(some.channels(), channels));
    running.ifPresent(some -> checkChannels(some.mean().size(), channels));
  }

  /**
   * The normalizer to apply.
   *
   * @throws IllegalArgumentException if the norm's parameters do not fit the shape
   */
  public Normalizer normalizer(Mode mode) {
    Optional<RunningStatistics> moving = mode == Mode.EVAL ? running : Optional.empty();
    if (spec.norm() instanceof DatasetNorm norm) {
      return moving.isPresent()
          ? bind(norm, moving.get())
          : norm.normalizer(
              type.shape(),
              statistics.orElseThrow().mean(),
              statistics.orElseThrow().variance(norm.variance()));
    }

    if (spec.norm() instanceof InstanceNorm norm && moving.isPresent()) {
      return bind(norm.withRunningStatistics(), moving.get());
    }

    return ((RecordNorm) spec.norm()).normalizer(type.shape());
  }

  /**
   * Refuses data of another type than the model was fitted on.
   *
   * @param id what the refusal calls this model
   * @throws JobException with the two types one below the other
   */
  public void check(ModelId id, RecordType data) {
    type.differenceFrom(data)
        .ifPresent(
            difference -> {
              throw JobException.data(
                  "Cannot apply model %s: the data does not match\n%s"
                      .formatted(id, difference.describe("model", "data")));
            });
  }

  private Normalizer bind(DatasetNorm norm, RunningStatistics moving) {
    return norm.normalizer(type.shape(), moving.mean(), moving.variance());
  }

  private static void checkChannels(int found, int expected) {
    if (found != expected) {
      throw new IllegalArgumentException(
          "Invalid model: statistics of %d channels (expected %d)".formatted(found, expected));
    }
  }
}
