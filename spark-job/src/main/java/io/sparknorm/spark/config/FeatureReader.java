package io.sparknorm.spark.config;

import static io.sparknorm.spark.config.Key.FEATURES_COLUMN;
import static io.sparknorm.spark.config.Key.FEATURES_COLUMNS;
import static io.sparknorm.spark.config.Key.FEATURES_GROUP_BY;
import static io.sparknorm.spark.config.Key.FEATURES_LAYOUT;
import static io.sparknorm.spark.config.Key.FEATURES_MODEL;
import static io.sparknorm.spark.config.Key.FEATURES_NORM;
import static io.sparknorm.spark.config.Key.FEATURES_OUTPUT;
import static io.sparknorm.spark.config.Key.FEATURES_SHAPE;
import static io.sparknorm.spark.config.Key.FEATURES_UNSEEN;
import static io.sparknorm.spark.config.Key.FEATURES_VERSION;
import static io.sparknorm.spark.config.Key.FEATURES_WEIGHT;
import static io.sparknorm.spark.config.Key.NORM_MODE;
import static io.sparknorm.spark.config.Key.NORM_MOMENTUM;
import static io.sparknorm.spark.config.Key.NORM_TYPE;
import static io.sparknorm.spark.config.Key.STORE_MODEL;
import static io.sparknorm.spark.config.Key.STORE_PATH;
import static io.sparknorm.spark.config.Key.STORE_VERSION;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.config.FeatureSpec.Form;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Reads one block of {@code features}, together with the groups that it falls back to. */
final class FeatureReader {
  private final Command command;
  private final Settings block;
  private final Settings norm;
  private final Settings store;
  private final boolean isOneOfSeveral;
  private final Form form;
  private final List<String> columns;

  /**
   * @param norm the job file's top-level norm
   * @param isOneOfSeveral whether {@code store.model} is shared with other blocks
   */
  FeatureReader(
      Command command, Settings block, Settings norm, Settings store, boolean isOneOfSeveral) {
    this.command = command;
    this.block = block;
    this.norm =
        block.has(FEATURES_NORM)
            ? new Settings(block.value(FEATURES_NORM), "norm", block.locationOf(FEATURES_NORM))
            : norm;
    this.store = store;
    this.isOneOfSeveral = isOneOfSeveral;
    this.form = block.has(FEATURES_COLUMNS) ? Form.SCALARS : Form.TENSOR;
    this.columns = columns();
  }

  FeatureSpec read() {
    Optional<TensorShape> shape = shape();
    Optional<NormSpec> spec = norm(shape);
    Optional<ModelReference> model = model();
    if (model.isEmpty()) {
      checkNeedsNoModel(spec);
    }

    return new FeatureSpec(
        form, columns, outputs(), shape, spec, mode(), weight(), groupBy(spec), unseen(), model);
  }

  private List<String> columns() {
    if (form == Form.TENSOR) {
      return List.of(block.text(FEATURES_COLUMN));
    }

    if (block.has(FEATURES_COLUMN)) {
      throw block.invalid(FEATURES_COLUMN, block.locationOf(FEATURES_COLUMNS) + " is given too");
    }

    return distinctNames(FEATURES_COLUMNS);
  }

  private List<String> outputs() {
    if (!block.has(FEATURES_OUTPUT)) {
      return columns;
    }

    if (form == Form.TENSOR) {
      return List.of(block.text(FEATURES_OUTPUT));
    }

    List<String> outputs = distinctNames(FEATURES_OUTPUT);
    if (outputs.size() != columns.size()) {
      throw block.invalid(
          FEATURES_OUTPUT, "%d names for %d columns".formatted(outputs.size(), columns.size()));
    }

    return outputs;
  }

  private List<String> groupBy(Optional<NormSpec> spec) {
    if (!block.has(FEATURES_GROUP_BY)) {
      return List.of();
    }

    if (spec.isPresent() && !(spec.get().norm() instanceof DatasetNorm)) {
      throw block.invalid(
          FEATURES_GROUP_BY,
          "%s has no statistics of the dataset; batch-norm, mean-variance-norm over axis 0 and"
                  .formatted(norm.text(NORM_TYPE))
              + " evonorm-b0, -b1 and -b2 have");
    }

    if (spec.isPresent() && spec.get().tracking().isPresent()) {
      throw block.invalid(
          FEATURES_GROUP_BY,
          "groups keep no running statistics; leave %s out"
              .formatted(norm.locationOf(NORM_MOMENTUM)));
    }

    return distinctNames(FEATURES_GROUP_BY);
  }

  private Unseen unseen() {
    if (block.has(FEATURES_UNSEEN) && command.fits() && !block.has(FEATURES_GROUP_BY)) {
      throw block.invalid(FEATURES_UNSEEN, "goes with " + block.locationOf(FEATURES_GROUP_BY));
    }

    return block.choice(FEATURES_UNSEEN, Unseen.class);
  }

  private List<String> distinctNames(Key key) {
    List<String> names = block.texts(key);
    TreeSet<String> distinct = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    distinct.addAll(names);
    if (names.isEmpty() || distinct.size() < names.size()) {
      throw block.invalid(key, "must name at least one column, and none twice");
    }

    return names;
  }

  private Optional<TensorShape> shape() {
    Layout layout = block.choice(FEATURES_LAYOUT, Layout.class);
    Optional<TensorShape> given =
        block.optional(FEATURES_SHAPE, Settings::integers).map(sizes -> shape(sizes, layout));
    if (form == Form.SCALARS) {
      TensorShape vector = TensorShape.vector(columns.size());
      if (given.isPresent() && !given.get().dimensions().equals(vector.dimensions())) {
        throw block.invalid(FEATURES_SHAPE, "the columns are %s".formatted(vector));
      }

      return Optional.of(vector);
    }

    if (given.isEmpty() && command.fits()) {
      throw block.missing(FEATURES_SHAPE);
    }

    return given;
  }

  private TensorShape shape(List<Integer> dimensions, Layout layout) {
    try {
      return new TensorShape(dimensions, layout);
    } catch (IllegalArgumentException e) {
      throw block.invalid(e);
    }
  }

  private Optional<NormSpec> norm(Optional<TensorShape> shape) {
    if (!command.fits() && !norm.hasOtherThan(NORM_MODE)) {
      return Optional.empty();
    }

    if (!norm.has(NORM_TYPE)) {
      throw norm.missing(NORM_TYPE);
    }

    return Optional.of(
        NormReader.read(norm, shape.orElseThrow(() -> block.missing(FEATURES_SHAPE))));
  }

  private Mode mode() {
    return norm.optional(NORM_MODE, (settings, key) -> settings.choice(key, Mode.class))
        .orElse(command.fits() ? Mode.TRAIN : Mode.EVAL);
  }

  /** Applying weighs nothing, and its input need not have the column. */
  private Optional<String> weight() {
    return command.fits() ? block.optional(FEATURES_WEIGHT, Settings::text) : Optional.empty();
  }

  private Optional<ModelReference> model() {
    Optional<String> name = modelName();
    if (name.isEmpty() && !store.has(STORE_PATH)) {
      return Optional.empty();
    }

    if (name.isEmpty()) {
      throw store.missing(STORE_MODEL);
    }

    if (!store.has(STORE_PATH)) {
      throw store.missing(STORE_PATH);
    }

    return Optional.of(reference(name.get()));
  }

  private Optional<String> modelName() {
    if (block.has(FEATURES_MODEL)) {
      String name = block.text(FEATURES_MODEL);
      checkName(block, FEATURES_MODEL, name);
      return Optional.of(name);
    }

    if (!store.has(STORE_MODEL)) {
      return Optional.empty();
    }

    String name = store.text(STORE_MODEL);
    checkName(store, STORE_MODEL, name);
    if (!isOneOfSeveral) {
      return Optional.of(name);
    }

    if (form == Form.SCALARS) {
      throw block.missing(FEATURES_MODEL);
    }

    String joined = name + "_" + columns.get(0);
    if (!ModelReference.isName(joined)) {
      throw block.invalid(
          FEATURES_COLUMN,
          "%s is no name for a model; set %s".formatted(joined, block.locationOf(FEATURES_MODEL)));
    }

    return Optional.of(joined);
  }

  private static void checkName(Settings settings, Key key, String name) {
    if (!ModelReference.isName(name)) {
      throw settings.invalid(key, "must consist of letters, digits, _ and -");
    }
  }

  private ModelReference reference(String name) {
    if (block.has(FEATURES_VERSION)) {
      return reference(name, block, FEATURES_VERSION);
    }

    return store.has(STORE_VERSION)
        ? reference(name, store, STORE_VERSION)
        : ModelReference.latest(name);
  }

  private ModelReference reference(String name, Settings settings, Key key) {
    if (command.fits()) {
      throw settings.invalid(key, "only apply takes a version; fit and run publish the next one");
    }

    return ModelReference.of(name, settings.text(key))
        .orElseThrow(() -> settings.invalid(key, ModelReference.VERSION_RULE));
  }

  /** A run without running statistics keeps nothing; neither does a norm without statistics. */
  private void checkNeedsNoModel(Optional<NormSpec> spec) {
    if (command == Command.RUN) {
      if (spec.get().tracking().isPresent()) {
        throw norm.invalid(
            NORM_MOMENTUM,
            "running statistics are kept in a model; set store.path and store.model");
      }

      if (spec.get().needsStatistics() && mode() == Mode.EVAL) {
        throw norm.invalid(
            NORM_MODE,
            "run fits nothing then, and applies a model; set store.path and store.model");
      }

      return;
    }

    if (command == Command.FIT) {
      throw store.missing(STORE_PATH);
    }

    if (spec.isEmpty()) {
      throw JobException.usage(
          "Cannot apply: there is neither a norm nor a model (set norm.type, or store.path and"
              + " store.model)");
    }

    if (spec.get().needsStatistics()) {
      throw norm.invalid(
          NORM_TYPE, "apply needs its fitted statistics; set store.path and store.model");
    }
  }
}
