package io.sparknorm.spark.app;

import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.config.PartitionSpec;
import io.sparknorm.spark.config.Unseen;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says what a job would do, as far as that can be known without looking at the data. */
final class DryRun {
  private DryRun() {}

  static String describe(JobSpec job) {
    List<String> lines = new ArrayList<>();
    InputSpec input = job.input();
    lines.add("Would read " + place(input.format(), input.location()));
    for (FeatureSpec features : job.features()) {
      if (features.isFittedBy(job.command())) {
        lines.add(fit(features, job));
      }

      if (job.command().applies()) {
        lines.add(apply(features, job));
      }
    }

    job.output()
        .ifPresent(
            output ->
                lines.add(
                    "Would write %s%s (if it exists: %s)"
                        .formatted(
                            place(output.format(), output.location()),
                            output.partitionBy().isEmpty()
                                ? ""
                                : " in partitions by " + String.join(", ", output.partitionBy()),
                            output.ifExists().key())));
    job.statusPath(LocalDate.now(ZoneOffset.UTC))
        .ifPresent(path -> lines.add("Would say in %s how the run ended".formatted(path)));
    return Locations.withoutSecrets(String.join(System.lineSeparator(), lines));
  }

  private static String fit(FeatureSpec features, JobSpec job) {
    return "Would fit %s to %s%s%s%s%s"
        .formatted(
            type(features),
            columns(features.columns()),
            groups(features, ", one set of statistics for each "),
            job.input().where().map(" where "::concat).orElse(""),
            job.input().partitions().map(DryRun::partitions).orElse(""),
            features
                .model()
                .map(
                    model ->
                        " and publish model %s in %s"
                            .formatted(model.name(), job.storePath().orElseThrow()))
                .orElse(""));
  }

  private static String partitions(PartitionSpec partitions) {
    return partitions.window().map(" in the newest %s"::formatted).orElse("")
        + ", by partitions of "
        + partitions.column();
  }

  private static String apply(FeatureSpec features, JobSpec job) {
    boolean isStored = !features.isFittedBy(job.command()) && features.model().isPresent();
    return "Would normalise %s by %s into %s%s"
        .formatted(
            columns(features.columns()),
            isStored ? model(features, job) : type(features),
            columns(features.outputs()),
            features.unseen() == Unseen.FAIL && features.groupBy().isEmpty()
                ? ""
                : "%s (if a group was not fitted: %s)"
                    .formatted(groups(features, ", by "), features.unseen().key()));
  }

  private static String groups(FeatureSpec features, String before) {
    return features.groupBy().isEmpty() ? "" : before + String.join(", ", features.groupBy());
  }

  private static String model(FeatureSpec features, JobSpec job) {
    ModelReference model = features.model().orElseThrow();
    String version =
        model.version().isPresent()
            ? "v=" + model.version().getAsInt()
            : model.alias().map("alias "::concat).orElse("its latest version");
    return "model %s in %s, %s".formatted(model.name(), job.storePath().orElseThrow(), version);
  }

  private static Object type(FeatureSpec features) {
    return features.norm().orElseThrow().toMap().get("type");
  }

  private static String columns(List<String> names) {
    return names.size() <= 4
        ? String.join(", ", names)
        : "%s, .. %s (%d columns)"
            .formatted(names.get(0), names.get(names.size() - 1), names.size());
  }

  private static String place(Optional<String> format, String location) {
    return format.map(name -> name + " ").orElse("table ") + location;
  }
}
