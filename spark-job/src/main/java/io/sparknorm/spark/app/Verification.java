package io.sparknorm.spark.app;

import io.sparknorm.kernels.PromisedStatistics;
import io.sparknorm.kernels.PromisedStatistics.Breach;
import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.fit.WrittenRows;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Inspection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads back what a run has staged and holds it against what its norms promise.
 *
 * <p>The numbers of records and of each fault have to be those that were written. A block that the
 * run has fitted and normalised by batch-norm, without an activation, also has to have the mean and
 * variance that {@link PromisedStatistics} gives, over the records that it was fitted on.
 */
final class Verification {
  private static final Logger LOG = LoggerFactory.getLogger(Verification.class);
  private static final String COUNTS_ALONE =
      "output.verify = statistics verifies the numbers of records and faults alone, since ";

  private Verification() {}

  /**
   * Says before any work what cannot be verified, and why.
   *
   * @throws JobException if the records that were fitted on cannot be told in the output
   */
  static void prepare(Input input, List<Part> parts, Optional<String> where) {
    List<FeatureBlock> verifiable = new ArrayList<>();
    for (Part part : parts) {
      obstacle(part)
          .ifPresentOrElse(
              why -> LOG.warn("{}: {}", part.block().name(), why),
              () -> verifiable.add(part.block()));
    }

    if (where.isPresent() && !verifiable.isEmpty()) {
      List<FeatureBlock> all = parts.stream().map(Part::block).toList();
      WrittenRows.checkCanChoose(input.rows(), where.get(), all);
    }
  }

  /** Why a block's means and variances cannot be verified; empty if they can. */
  private static Optional<String> obstacle(Part part) {
    if (!PromisedStatistics.areOf(part.norm().norm())) {
      return Optional.of(
          COUNTS_ALONE + "only batch-norm without an activation promises a mean and variance");
    }

    if (!part.block().key().isEmpty()) {
      return Optional.of(COUNTS_ALONE + "each group has statistics of its own");
    }

    return part.known().isEmpty()
        ? Optional.empty()
        : Optional.of(COUNTS_ALONE + "the statistics are not those of this dataset");
  }

  /**
   * Verifies all blocks in one scan.
   *
   * @param staged what was written
   * @param blocks what was seen of each
   * @throws JobException with status GATE for the first promise that is not kept
   */
  static void verify(Dataset<Row> staged, List<Summary.Block> blocks, Optional<String> where) {
    List<FeatureBlock> written = new ArrayList<>();
    List<Optional<PromisedStatistics>> promises = new ArrayList<>();
    for (Summary.Block block : blocks) {
      FeatureBlock found = WrittenRows.block(block.part().block(), staged);
      written.add(found);
      promises.add(promise(block, WrittenRows.isSingle(found)));
    }

    List<Boolean> withMoments = promises.stream().map(Optional::isPresent).toList();
    List<FitResult> results = WrittenRows.read(staged, written, withMoments, where);
    for (int i = 0; i < blocks.size(); i++) {
      FeatureBlock found = written.get(i);
      FitResult result = results.get(i);
      checkCounts(found, blocks.get(i).after().orElseThrow(), result);
      promises
          .get(i)
          .flatMap(promise -> promise.breach(statistics(found, result)))
          .ifPresent(breach -> refuse(found, breach));
    }
  }

  private static Statistics statistics(FeatureBlock block, FitResult found) {
    return found
        .moments()
        .map(ExactState::statistics)
        .orElseGet(() -> new Moments(block.type().shape().channels()).statistics());
  }

  private static Optional<PromisedStatistics> promise(Summary.Block block, boolean single) {
    return obstacle(block.part()).isPresent()
        ? Optional.empty()
        : block
            .fit()
            .flatMap(FitResult::moments)
            .flatMap(
                m -> PromisedStatistics.of(block.part().norm().norm(), m.statistics(), single));
  }

  private static void checkCounts(FeatureBlock block, Inspection written, FitResult found) {
    if (written.records() != found.records()) {
      refuse(block, "records", written.records(), found.records());
    }

    for (Fault fault : Fault.values()) {
      long expected = written.faults().get(fault);
      if (expected != found.faults().get(fault)) {
        refuse(block, "faults of the kind " + fault.key(), expected, found.faults().get(fault));
      }
    }
  }

  private static void refuse(FeatureBlock block, String what, long expected, long found) {
    throw new JobException(
        LeavingStatus.GATE,
        "Cannot publish: %s has %d %s where %d were written; nothing was published"
            .formatted(block.name(), found, what, expected));
  }

  private static void refuse(FeatureBlock block, Breach breach) {
    throw new JobException(
        LeavingStatus.GATE,
        String.format(
            Locale.ROOT,
            "Cannot publish: the %s of %s, channel %s, is %s (expected %s, tolerance %.2g); nothing"
                + " was published",
            breach.what(),
            block.name(),
            block.type().channelName(breach.channel()),
            breach.found(),
            breach.expected(),
            breach.tolerance()));
  }
}
