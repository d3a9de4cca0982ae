package io.sparknorm.spark.app;

import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.models.GroupStatistics;
import io.sparknorm.spark.models.GroupedState;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.RecordCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a job says of itself when it is done.
 *
 * @param reason why it is, in a line
 * @param lines in the order in which to print them
 */
record Summary(String reason, List<String> lines) {
  /**
   * What became of one block of features.
   *
   * @param counts of what was read
   * @param fit what the scan that fitted it found, if there was one
   * @param before what the pass that applied it read, if there was one
   * @param after what that pass wrote
   */
  record Block(
      Part part,
      RecordCounts counts,
      Optional<FitResult> fit,
      Optional<Inspection> before,
      Optional<Inspection> after) {
    /** The groups, where there are any: the model's, or those that were fitted. */
    Optional<GroupStatistics> groups() {
      return part.groups().or(() -> fit.flatMap(FitResult::groups).map(GroupedState::statistics));
    }
  }

  Summary {
    lines = List.copyOf(lines);
  }

  static Summary done(Command command, Progress progress) {
    List<String> lines = new ArrayList<>();
    double seconds = Duration.between(progress.started(), Instant.now()).toMillis() / 1000.0;
    lines.add(String.format(Locale.ROOT, "%s: done in %.1f seconds", word(command), seconds));
    for (Block block : progress.blocks()) {
      lines.add(
          "  %s: %s, %d channels%s; records: %s; faults: %s"
              .formatted(
                  block.part().block().name(),
                  block.part().norm().toMap().get("type"),
                  block.part().block().type().shape().channels(),
                  groups(block),
                  records(block),
                  faults(block.counts())));
      lines.addAll(means(block));
    }

    progress.partitions().ifPresent(some -> lines.add("  partitions: " + some));
    return new Summary("done", results(lines, progress.models(), progress.output()));
  }

  /** An earlier attempt has published everything. */
  static Summary repeated(Command command, Optional<String> output, List<ModelId> models) {
    return nothingToDo(command, "this run is already published, nothing to do", models, output);
  }

  static Summary skipped(Command command, String output) {
    String reason = "the output exists, nothing to do (output.if-exists = skip)";
    return nothingToDo(command, reason, List.of(), Optional.of(output));
  }

  private static Summary nothingToDo(
      Command command, String reason, List<ModelId> models, Optional<String> output) {
    List<String> lines = new ArrayList<>();
    lines.add(word(command) + ": " + reason);
    return new Summary(reason, results(lines, models, output));
  }

  private static List<String> results(
      List<String> lines, List<ModelId> models, Optional<String> output) {
    models.forEach(model -> lines.add("  model: " + model));
    output.map(Locations::withoutSecrets).ifPresent(to -> lines.add("  output: " + to));
    return lines;
  }

  private static String word(Command command) {
    return "sparknorm " + command.name().toLowerCase(Locale.ROOT);
  }

  private static String groups(Block block) {
    return block
        .groups()
        .map(
            groups ->
                ", %d groups by %s"
                    .formatted(groups.count(), String.join(", ", groups.by().columns())))
        .orElse("");
  }

  private static String records(Block block) {
    RecordCounts counts = block.counts();
    String written =
        block.after().map(after -> ", %d written".formatted(after.records())).orElse("");
    String unseen =
        block.groups().isPresent() && block.before().isPresent()
            ? ", %d of groups that were not fitted (%s)"
                .formatted(
                    block.before().get().unseen(), block.part().block().spec().unseen().key())
            : "";
    return "%d read, %d dropped%s%s".formatted(counts.records(), counts.dropped(), written, unseen);
  }

  private static String faults(RecordCounts counts) {
    String faults =
        counts.faults().entrySet().stream()
            .filter(fault -> fault.getValue() > 0)
            .map(fault -> fault.getKey() + " " + fault.getValue())
            .collect(Collectors.joining(", "));
    return faults.isEmpty() ? "none" : faults;
  }

  private static List<String> means(Block block) {
    if (block.before().isPresent()) {
      return List.of(
          "  first means before: " + text(block.before().get().means()),
          "  first means after:  " + text(block.after().orElseThrow().means()));
    }

    if (!block.part().norm().needsStatistics()) {
      return List.of();
    }

    Statistics statistics = block.fit().orElseThrow().moments().orElseThrow().statistics();
    List<Double> means = new ArrayList<>();
    for (int c = 0; c < Math.min(Inspection.CHANNELS, statistics.channels()); c++) {
      means.add(statistics.mean().get(c));
    }

    return List.of("  first means: " + text(means));
  }

  private static String text(List<Double> means) {
    return means.stream()
        .map(mean -> String.format(Locale.ROOT, "%.6g", mean))
        .collect(Collectors.joining(", "));
  }
}
