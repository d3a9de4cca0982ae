package io.sparknorm.spark.app;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.GroupStatistics;
import io.sparknorm.spark.models.GroupedState;
import io.sparknorm.spark.models.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns drafts into models to apply, and looks at their statistics first. */
final class FittedModels {
  private static final Logger LOG = LoggerFactory.getLogger(FittedModels.class);

  /** Below this many epsilons, a channel's variance is visibly shrunk. */
  private static final double LEAST_EPSILONS = 100;

  private static final int CHANNELS_NAMED = 5;
  private static final String SHRUNK =
      "a variance under 100 epsilon, so their output varies by less than 1 (norm.epsilon = 0"
          + " prevents that)";

  private FittedModels() {}

  /**
   * The model that a draft gives.
   *
   * @param parent the version whose running statistics go on
   * @throws JobException if there are no values, too few of them, or values too large for
   *     statistics
   */
  static Model derive(FeatureBlock block, Draft draft, Optional<Model> parent) {
    if (draft.spec().tracking().isPresent()
        && parent.isPresent()
        && parent.get().running().isEmpty()) {
      LOG.warn(
          "{}: running statistics begin anew, since the version before keeps none", block.name());
    }

    Model model;
    try {
      model = draft.model(parent);
    } catch (IllegalArgumentException e) {
      throw JobException.data("Cannot fit %s: %s".formatted(block.name(), e.getMessage()));
    }

    if (model.spec().norm() instanceof DatasetNorm norm) {
      Optional<GroupStatistics> groups = draft.groups().map(GroupedState::statistics);
      if (groups.isPresent()) {
        look(block, groups.get(), norm.epsilon());
      } else {
        look(block, model.statistics().orElseThrow(), norm.variance(), norm.epsilon());
      }
    }

    return model;
  }

  private static void look(
      FeatureBlock block, Statistics statistics, Variance kind, double epsilon) {
    List<String> undefined = new ArrayList<>();
    List<String> shrunk = new ArrayList<>();
    for (int c = 0; c < statistics.channels(); c++) {
      double variance = statistics.variance(kind).get(c);
      if (Double.isNaN(variance)) {
        undefined.add(block.type().channelName(c));
      } else if (variance < LEAST_EPSILONS * epsilon) {
        shrunk.add(block.type().channelName(c));
      }
    }

    warn(block, undefined, "no finite statistics, so their output is NaN");
    warn(block, shrunk, SHRUNK);
  }

  /** Says how many groups have channels that deserve a warning. */
  private static void look(FeatureBlock block, GroupStatistics groups, double epsilon) {
    int[] counts = new int[2];
    GroupStatistics.visit(
        groups.file(),
        (key, mean, variance) -> {
          checkRange(block, variance);
          counts[0] += Arrays.stream(variance).anyMatch(Double::isNaN) ? 1 : 0;
          counts[1] +=
              Arrays.stream(variance).anyMatch(value -> value < LEAST_EPSILONS * epsilon) ? 1 : 0;
        });
    warn(block, groups, counts[0], "no finite statistics, so their output is NaN");
    warn(block, groups, counts[1], SHRUNK);
  }

  private static void checkRange(FeatureBlock block, double[] variance) {
    for (int c = 0; c < variance.length; c++) {
      if (Double.isInfinite(variance[c])) {
        throw JobException.data(
            "Cannot fit %s: the variance of channel %s of a group is beyond the range of a double"
                    .formatted(block.name(), block.type().channelName(c))
                + " (scale the values down)");
      }
    }
  }

  private static void warn(FeatureBlock block, GroupStatistics groups, int count, String what) {
    if (count > 0) {
      LOG.warn(
          "{}: {} of {} groups have channels with {}", block.name(), count, groups.count(), what);
    }
  }

  private static void warn(FeatureBlock block, List<String> channels, String what) {
    if (!channels.isEmpty()) {
      String more = channels.size() > CHANNELS_NAMED ? ", .." : "";
      LOG.warn(
          "{}: {} of {} channels have {}: {}{}",
          block.name(),
          channels.size(),
          block.type().shape().channels(),
          what,
          String.join(", ", channels.subList(0, Math.min(CHANNELS_NAMED, channels.size()))),
          more);
    }
  }
}
