package io.sparknorm.spark.models;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.NormSpec;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a run has fitted and not yet published: the model but for its running statistics, which go
 * on from whichever version turns out to be the one before.
 *
 * @param moments of every channel for a {@link DatasetNorm}; for an {@link InstanceNorm} with
 *     running statistics, of twice as many channels: first the records' means of each channel, then
 *     their unbiased variances; none for other norms
 * @param partitions the state of each partition, if the fit keeps them
 * @param groups what was found of each group, where there are groups; {@code moments} are those of
 *     all of them together
 */
public record Draft(
    NormSpec spec,
    RecordType type,
    Optional<? extends ExactState> moments,
    Optional<PartitionStates> partitions,
    Optional<GroupedState> groups,
    Provenance provenance) {
  public Draft {
    int expected = momentChannels(spec, type);
    int found = moments.map(ExactState::channels).orElse(0);
    if (found != expected) {
      throw new IllegalArgumentException(
          "Invalid moments: %d channels (expected %d)".formatted(found, expected));
    }
  }

  /** A draft without states of partitions or groups. */
  public Draft(
      NormSpec spec,
      RecordType type,
      Optional<? extends ExactState> moments,
      Provenance provenance) {
    this(spec, type, moments, Optional.empty(), Optional.empty(), provenance);
  }

  /** How many channels the moments of such a model have; 0 where it has no moments. */
  public static int momentChannels(NormSpec spec, RecordType type) {
    int channels = type.shape().channels();
    if (spec.norm() instanceof DatasetNorm) {
      return channels;
    }

    return spec.tracking().isPresent() ? 2 * channels : 0;
  }

  /**
   * The model as it follows another version, whose running statistics it moves, or as the first.
   *
   * @throws JobException if running statistics cannot go on from that version, since it was fitted
   *     on other data or for another kind of norm, or a channel has too few values to move them
   * @throws IllegalArgumentException if the variance to divide by is beyond the range of a double
   */
  public Model model(Optional<Model> parent) {
    Optional<Statistics> fitted = moments.map(ExactState::statistics);
    fitted.ifPresent(this::checkRange);
    return new Model(
        spec,
        type,
        fitted.filter(some -> spec.norm() instanceof DatasetNorm),
        spec.tracking().map(tracking -> move(before(parent), tracking, fitted.orElseThrow())));
  }

  private void checkRange(Statistics fitted) {
    if (spec.norm() instanceof DatasetNorm norm) {
      Coefficients variance = fitted.variance(norm.variance());
      for (int c = 0; c < variance.size(); c++) {
        if (Double.isInfinite(variance.get(c))) {
          throw new IllegalArgumentException(
              "the variance of channel %s is beyond the range of a double (scale the values down)"
                  .formatted(type.channelName(c)));
        }
      }
    }
  }

  private RunningStatistics before(Optional<Model> parent) {
    Optional<RunningStatistics> running = parent.flatMap(Model::running);
    if (running.isEmpty()) {
      return RunningStatistics.initial(type.shape().channels());
    }

    parent
        .get()
        .type()
        .differenceFrom(type)
        .ifPresent(
            difference ->
                refuse("the data does not match\n" + difference.describe("model", "data")));
    String norm = spec.norm().getClass().getSimpleName();
    String parentNorm = parent.get().spec().norm().getClass().getSimpleName();
    if (!norm.equals(parentNorm)) {
      refuse("they belong to another norm\n  model: %s\n  run:   %s".formatted(parentNorm, norm));
    }

    return running.get();
  }

  private RunningStatistics move(
      RunningStatistics before, NormSpec.Tracking tracking, Statistics fitted) {
    try {
      if (spec.norm() instanceof DatasetNorm norm) {
        return norm.movesRunningStatistics()
            ? before.next(fitted, tracking.runningVariance(), tracking.momentum())
            : before;
      }

      // One record is enough: its variance is an average over records already.
      return before.next(averages(fitted), Variance.BIASED, tracking.momentum());
    } catch (IllegalArgumentException e) {
      throw new JobException(LeavingStatus.DATA, e.getMessage(), e);
    }
  }

  /** The averages over records of each channel's mean and variance. */
  private static Statistics averages(Statistics fitted) {
    int channels = fitted.channels() / 2;
    double[] both = fitted.mean().toArray();
    Coefficients variances = Coefficients.of(Arrays.copyOfRange(both, channels, both.length));
    return new Statistics(
        Arrays.copyOf(fitted.counts(), channels),
        Coefficients.of(Arrays.copyOf(both, channels)),
        variances,
        variances);
  }

  private static void refuse(String why) {
    throw JobException.data(
        "Cannot continue the running statistics of the model's last version: " + why);
  }
}
