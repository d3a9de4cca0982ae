package io.sparknorm.spark.app;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.Model;
import java.util.ArrayList;
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
      Statistics statistics = model.statistics().orElseThrow();
      look(block, statistics, norm.variance(), norm.epsilon());
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
    warn(
        block,
        shrunk,
        "a variance under 100 epsilon, so their output varies by less than 1 (norm.epsilon = 0"
            + " prevents that)");
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
