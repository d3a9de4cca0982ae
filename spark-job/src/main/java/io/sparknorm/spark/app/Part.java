package io.sparknorm.spark.app;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.config.Unseen;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.models.GroupBy;
import io.sparknorm.spark.models.GroupStatistics;
import io.sparknorm.spark.models.Model;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.StructType;

/**
 * A block of features on its way through a job.
 *
 * @param block the columns in the input
 * @param norm what is fitted or applied
 * @param from the version in the store that is applied; none where the job fits, or applies a norm
 *     without a model
 * @param known the model to apply; none where it is yet to be fitted
 * @param groups the statistics of the model's groups, where it has any
 * @param publishAs the name under which the job publishes what it fits, if it does
 */
record Part(
    FeatureBlock block,
    NormSpec norm,
    Optional<ModelId> from,
    Optional<Model> known,
    Optional<GroupStatistics> groups,
    Optional<String> publishAs) {

  /** Whether the job publishes a version of a model. */
  boolean publishes() {
    return publishAs.isPresent();
  }

  /**
   * Finds a block in the input, and the model to apply in the store.
   *
   * @throws JobException if the columns cannot hold the features, or the model does not match them
   */
  static Part of(
      FeatureSpec feature, Command command, Optional<ModelStore> store, StructType schema)
      throws IOException {
    boolean fits = feature.isFittedBy(command);
    boolean needsModel = feature.norm().map(NormSpec::needsStatistics).orElse(true);
    if (fits || feature.model().isEmpty() || (command.fits() && !needsModel)) {
      return own(feature, fits, schema);
    }

    ModelReference reference = feature.model().get();
    ModelId id = store.orElseThrow().resolve(reference);
    Model model = store.get().load(id);
    TensorShape shape = feature.shape().orElse(model.type().shape());
    Optional<GroupStatistics> groups = store.get().groups(id);
    Optional<GroupBy> by = groups.map(GroupStatistics::by);
    checkGroups(id, feature, by);
    List<String> keys = by.map(GroupBy::columns).orElse(List.of());
    FeatureBlock block = FeatureBlock.find(feature.groupedBy(keys), shape, schema);
    model.check(id, block.type());
    feature.norm().ifPresent(norm -> checkSame(id, model.spec(), norm));
    by.ifPresent(some -> checkSame(id, some, block.key().by()));
    return new Part(
        block, model.spec(), Optional.of(id), Optional.of(model), groups, Optional.empty());
  }

  /** Groups in the job file beside a model have to be the model's. */
  private static void checkGroups(ModelId id, FeatureSpec feature, Optional<GroupBy> model) {
    boolean isModels = model.map(by -> by.isBy(feature.groupBy())).orElse(false);
    if (!feature.groupBy().isEmpty() && !isModels) {
      throw JobException.usage(
          "Cannot apply model %s: features.group-by is %s (the model has %s)"
              .formatted(
                  id,
                  String.join(", ", feature.groupBy()),
                  model
                      .map(by -> "statistics for each " + String.join(", ", by.columns()))
                      .orElse("one set of statistics")));
    }

    if (model.isEmpty() && feature.unseen() != Unseen.FAIL) {
      throw JobException.usage(
          "Cannot apply model %s: features.unseen is set, and the model has no groups"
              .formatted(id));
    }
  }

  private static void checkSame(ModelId id, GroupBy model, GroupBy data) {
    model
        .differenceFrom(data)
        .ifPresent(
            difference -> {
              throw JobException.data(
                  "Cannot apply model %s: the groups do not match\n%s"
                      .formatted(id, difference.describe("model", "data")));
            });
  }

  /** A part whose norm stands in the job file. */
  private static Part own(FeatureSpec feature, boolean fits, StructType schema) {
    NormSpec norm = feature.norm().orElseThrow();
    FeatureBlock block = FeatureBlock.find(feature, feature.shape().orElseThrow(), schema);
    Optional<Model> known =
        norm.needsStatistics()
            ? Optional.empty()
            : Optional.of(new Model(norm, block.type(), Optional.empty(), Optional.empty()));
    return new Part(
        block,
        norm,
        Optional.empty(),
        known,
        Optional.empty(),
        feature.model().filter(model -> fits).map(ModelReference::name));
  }

  /** A norm in the job file beside a model has to be the model's. */
  private static void checkSame(ModelId id, NormSpec model, NormSpec job) {
    model
        .differenceFrom(job)
        .ifPresent(
            difference -> {
              throw JobException.data(
                  "Cannot apply model %s: the norm does not match\n%s"
                      .formatted(id, difference.describe("model", "job")));
            });
  }
}
