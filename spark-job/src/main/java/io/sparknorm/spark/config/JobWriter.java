package io.sparknorm.spark.config;

import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import io.sparknorm.spark.config.FeatureSpec.Form;
import io.sparknorm.spark.config.PartitionSpec.Window;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Writes a job as the job file that says the same, with every default written out. */
final class JobWriter {
  /** Longer lists, such as the weights of a wide norm, would bury the rest of a log. */
  private static final int LONGEST_LOGGED_LIST = 32;

  private final UnaryOperator<String> option;
  private final UnaryOperator<Object> parameter;

  /**
   * @param option what is written in place of the value of an option
   * @param parameter what is written in place of a norm's parameter
   */
  private JobWriter(UnaryOperator<String> option, UnaryOperator<Object> parameter) {
    this.option = option;
    this.parameter = parameter;
  }

  static String effective(JobSpec job) {
    JobWriter writer = new JobWriter(value -> "***", JobWriter::shortened);
    Map<String, Object> map = writer.toMap(job);
    map.put("input", writer.effectiveInput(job.input()));
    job.output().ifPresent(output -> map.put("output", writer.effectiveOutput(output)));
    job.statusTemplate()
        .ifPresent(path -> map.put("run", Map.of(Key.RUN_STATUS_PATH.simpleName(), path)));
    return Locations.withoutSecrets(
        ConfigValueFactory.fromMap(map)
            .render(ConfigRenderOptions.concise().setJson(false).setFormatted(true)));
  }

  static String canonical(JobSpec job) {
    JobWriter writer = new JobWriter(UnaryOperator.identity(), UnaryOperator.identity());
    return Names.of(job.command())
        + " "
        + ConfigValueFactory.fromMap(writer.toMap(job)).render(ConfigRenderOptions.concise());
  }

  static String canonicalFit(JobSpec job, FeatureSpec features) {
    JobWriter writer = new JobWriter(UnaryOperator.identity(), UnaryOperator.identity());
    Map<String, Object> block = writer.features(features);
    block.remove(Key.FEATURES_OUTPUT.simpleName());
    block.remove(Key.FEATURES_UNSEEN.simpleName());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("input", writer.input(job.input().withoutWindow()));
    map.put("features", block);
    map.put("faults", faults(job.faults()));
    if (job.faults().dropRecords() && job.features().size() > 1) {
      map.put("dropped-for", writer.tensors(job.features()));
    }

    return ConfigValueFactory.fromMap(map).render(ConfigRenderOptions.concise());
  }

  /** What decides on the records that are dropped, in whatever order it is given. */
  private List<String> tensors(List<FeatureSpec> blocks) {
    return blocks.stream()
        .map(
            block ->
                "%s %s".formatted(block.columns(), block.shape().map(Object::toString).orElse("")))
        .distinct()
        .sorted()
        .toList();
  }

  private static Object shortened(Object parameter) {
    return parameter instanceof List<?> list && list.size() > LONGEST_LOGGED_LIST
        ? "%d numbers from %s to %s".formatted(list.size(), list.get(0), list.get(list.size() - 1))
        : parameter;
  }

  private Map<String, Object> toMap(JobSpec job) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("input", input(job.input()));
    job.output().ifPresent(output -> map.put("output", output(output)));
    map.put("features", job.features().stream().map(this::features).toList());
    job.storePath().ifPresent(path -> map.put("store", Map.of(Key.STORE_PATH.simpleName(), path)));
    map.put("faults", faults(job.faults()));
    return map;
  }

  private Map<String, Object> input(InputSpec input) {
    Map<String, Object> map = new LinkedHashMap<>();
    put(map, Key.INPUT_FORMAT, input.format());
    put(map, Key.INPUT_PATH, input.path());
    put(map, Key.INPUT_TABLE, input.table());
    put(map, Key.INPUT_OPTIONS, options(input.options()));
    put(map, Key.INPUT_WHERE, input.where());
    put(map, Key.INPUT_PARTITION_BY, input.partitions().map(PartitionSpec::column));
    put(
        map,
        Key.INPUT_WINDOW,
        input.partitions().flatMap(PartitionSpec::window).map(Window::toString));
    return map;
  }

  private Map<String, Object> effectiveInput(InputSpec input) {
    Map<String, Object> map = input(input);
    put(map, Key.INPUT_READER, Names.of(input.reader()));
    return map;
  }

  private Map<String, Object> effectiveOutput(OutputSpec output) {
    Map<String, Object> map = output(output);
    put(map, Key.OUTPUT_VERIFY, Names.of(output.verify()));
    return map;
  }

  private Map<String, Object> output(OutputSpec output) {
    Map<String, Object> map = new LinkedHashMap<>();
    put(map, Key.OUTPUT_FORMAT, output.format());
    put(map, Key.OUTPUT_PATH, output.path());
    put(map, Key.OUTPUT_TABLE, output.table());
    put(map, Key.OUTPUT_IF_EXISTS, Names.of(output.ifExists()));
    if (!output.partitionBy().isEmpty()) {
      put(map, Key.OUTPUT_PARTITION_BY, output.partitionBy());
    }

    put(map, Key.OUTPUT_WRITER, Names.of(output.writer()));
    put(map, Key.OUTPUT_OPTIONS, options(output.options()));
    return map;
  }

  private Map<String, String> options(Map<String, String> options) {
    Map<String, String> map = new LinkedHashMap<>();
    options.forEach((name, value) -> map.put(name, option.apply(value)));
    return map;
  }

  private Map<String, Object> features(FeatureSpec features) {
    Map<String, Object> map = new LinkedHashMap<>();
    if (features.form() == Form.TENSOR) {
      put(map, Key.FEATURES_COLUMN, features.columns().get(0));
      put(map, Key.FEATURES_OUTPUT, features.outputs().get(0));
    } else {
      put(map, Key.FEATURES_COLUMNS, features.columns());
      put(map, Key.FEATURES_OUTPUT, features.outputs());
    }

    features
        .shape()
        .ifPresent(
            shape -> {
              put(map, Key.FEATURES_SHAPE, shape.dimensions());
              put(map, Key.FEATURES_LAYOUT, Names.of(shape.layout()));
            });
    put(map, Key.FEATURES_NORM, norm(features));
    put(map, Key.FEATURES_WEIGHT, features.weight());
    if (!features.groupBy().isEmpty()) {
      put(map, Key.FEATURES_GROUP_BY, features.groupBy());
    }

    if (!features.groupBy().isEmpty() || features.unseen() != Unseen.FAIL) {
      put(map, Key.FEATURES_UNSEEN, Names.of(features.unseen()));
    }

    features
        .model()
        .ifPresent(
            model -> {
              put(map, Key.FEATURES_MODEL, model.name());
              model.version().ifPresent(version -> put(map, Key.FEATURES_VERSION, version));
              put(map, Key.FEATURES_VERSION, model.alias());
            });
    return map;
  }

  private Map<String, Object> norm(FeatureSpec features) {
    Map<String, Object> map = new LinkedHashMap<>();
    features
        .norm()
        .ifPresent(
            norm -> norm.toMap().forEach((name, value) -> map.put(name, parameter.apply(value))));
    put(map, Key.NORM_MODE, Names.of(features.mode()));
    return map;
  }

  private static Map<String, Object> faults(FaultPolicies faults) {
    Map<String, Object> map = new LinkedHashMap<>();
    put(map, Key.FAULTS_NAN, Names.of(faults.nan()));
    put(map, Key.FAULTS_INFINITY, Names.of(faults.infinity()));
    put(map, Key.FAULTS_NULL_ARRAY, Names.of(faults.nullArray()));
    put(map, Key.FAULTS_NULL_ELEMENT, Names.of(faults.nullElement()));
    put(map, Key.FAULTS_WRONG_LENGTH, Names.of(faults.wrongLength()));
    return map;
  }

  private static void put(Map<String, Object> map, Key key, Object value) {
    map.put(key.simpleName(), value);
  }

  private static void put(Map<String, Object> map, Key key, Optional<String> value) {
    value.ifPresent(present -> put(map, key, present));
  }
}
