package io.sparknorm.spark.config;

import static io.sparknorm.spark.config.Key.FAULTS_INFINITY;
import static io.sparknorm.spark.config.Key.FAULTS_NAN;
import static io.sparknorm.spark.config.Key.FAULTS_NULL_ARRAY;
import static io.sparknorm.spark.config.Key.FAULTS_NULL_ELEMENT;
import static io.sparknorm.spark.config.Key.FAULTS_WRONG_LENGTH;
import static io.sparknorm.spark.config.Key.INPUT_FORMAT;
import static io.sparknorm.spark.config.Key.INPUT_OPTIONS;
import static io.sparknorm.spark.config.Key.INPUT_PARTITION_BY;
import static io.sparknorm.spark.config.Key.INPUT_PATH;
import static io.sparknorm.spark.config.Key.INPUT_READER;
import static io.sparknorm.spark.config.Key.INPUT_TABLE;
import static io.sparknorm.spark.config.Key.INPUT_WHERE;
import static io.sparknorm.spark.config.Key.INPUT_WINDOW;
import static io.sparknorm.spark.config.Key.OUTPUT_FORMAT;
import static io.sparknorm.spark.config.Key.OUTPUT_IF_EXISTS;
import static io.sparknorm.spark.config.Key.OUTPUT_OPTIONS;
import static io.sparknorm.spark.config.Key.OUTPUT_PARTITION_BY;
import static io.sparknorm.spark.config.Key.OUTPUT_PATH;
import static io.sparknorm.spark.config.Key.OUTPUT_TABLE;
import static io.sparknorm.spark.config.Key.OUTPUT_VERIFY;
import static io.sparknorm.spark.config.Key.OUTPUT_WRITER;
import static io.sparknorm.spark.config.Key.RUN_STATUS_PATH;
import static io.sparknorm.spark.config.Key.STORE_PATH;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.Visibility;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import io.sparknorm.spark.config.PartitionSpec.Window;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads a job file for one command. */
final class JobReader {
  private static final ConfigValue NO_BLOCKS = ConfigValueFactory.fromIterable(List.of());
  private static final Pattern ROOT = Pattern.compile("([^:/]+:)?(//[^/]*)?/*");

  private final ConfigObject root;
  private final Command command;

  JobReader(Config config, Command command) {
    this.root = config.root();
    this.command = command;
  }

  JobSpec read() {
    Settings.checkNames(root, Key.groups(), "");
    InputSpec input = input(group("input"));
    Optional<OutputSpec> output =
        command.applies() || given("output").isPresent()
            ? Optional.of(output(group("output")))
            : Optional.empty();
    Optional<OutputSpec> written = output.filter(given -> command.applies()); // one file for all
    Settings store = group("store");
    List<FeatureSpec> features = features(store);
    checkPartitions(written, features);
    checkGroups(input, features);
    checkIsOutside(written, store, STORE_PATH);
    checkIsOutside(written, group("run"), RUN_STATUS_PATH);
    return new JobSpec(
        command,
        input,
        written,
        features,
        store.optional(STORE_PATH, Settings::text),
        faults(group("faults")),
        statusPath(group("run"), written, store, features));
  }

  /** Beside the output, where a job has one, and hidden there by its name; else in the store. */
  private static Optional<String> statusPath(
      Settings run, Optional<OutputSpec> output, Settings store, List<FeatureSpec> features) {
    if (run.has(RUN_STATUS_PATH)) {
      return Optional.of(Placeholders.path(run, RUN_STATUS_PATH, List.of(Placeholders.DATE)));
    }

    Optional<String> path = output.flatMap(OutputSpec::path);
    if (path.isPresent()) {
      String latest = path.get().replace(Placeholders.RUN, "latest").replaceFirst("/+$", "");
      int name = latest.lastIndexOf('/') + 1;
      return Optional.of(latest.substring(0, name) + statusName(latest.substring(name)));
    }

    Optional<ModelReference> model = features.get(0).model();
    return store.has(STORE_PATH) && model.isPresent()
        ? Optional.of(store.text(STORE_PATH) + "/" + statusName(model.get().name()))
        : Optional.empty();
  }

  private static String statusName(String of) {
    return Visibility.hidden(of + ".run-status.json");
  }

  /** What is within the output would go with it when it is replaced. */
  private static void checkIsOutside(Optional<OutputSpec> output, Settings settings, Key key) {
    Optional<String> path = output.flatMap(OutputSpec::path);
    if (path.isPresent() && settings.has(key) && isWithin(settings.text(key), path.get())) {
      throw settings.invalid(key, "must not be within output.path");
    }
  }

  private static boolean isWithin(String path, String folder) {
    return (path + "/").startsWith(folder.replaceFirst("/*$", "/"));
  }

  private void checkGroups(InputSpec input, List<FeatureSpec> features) {
    for (FeatureSpec block : features) {
      if (input.partitions().isPresent() && !block.groupBy().isEmpty()) {
        throw JobException.usage(
            "Invalid features.group-by: %s (a fit by input.partition-by keeps no states of groups;"
                    .formatted(String.join(", ", block.groupBy()))
                + " leave one of the two out)");
      }
    }
  }

  private static void checkPartitions(Optional<OutputSpec> output, List<FeatureSpec> features) {
    for (String column : output.map(OutputSpec::partitionBy).orElse(List.of())) {
      if (column.startsWith(".") && output.orElseThrow().path().isPresent()) {
        throw JobException.usage(
            "Invalid output.partition-by: %s (readers skip folders whose name begins with a dot)"
                .formatted(column));
      }

      for (FeatureSpec block : features) {
        if (block.outputs().stream().anyMatch(column::equalsIgnoreCase)) {
          throw JobException.usage(
              "Invalid output.partition-by: %s (a normalised column cannot part the output)"
                  .formatted(column));
        }
      }
    }
  }

  private Settings group(String name) {
    return new Settings(given(name).orElse(ConfigFactory.empty().root()), name, name);
  }

  private Optional<ConfigValue> given(String name) {
    return Optional.ofNullable(root.get(name))
        .filter(value -> value.valueType() != ConfigValueType.NULL);
  }

  private InputSpec input(Settings settings) {
    Optional<String> path = settings.optional(INPUT_PATH, Settings::text);
    Optional<String> table = settings.optional(INPUT_TABLE, Settings::text);
    boolean isElsewhere = path.isEmpty() && table.isEmpty() && settings.has(INPUT_FORMAT);
    if (!isElsewhere) {
      checkEither(settings, INPUT_PATH, INPUT_TABLE);
    }

    if (table.isPresent() && settings.has(INPUT_FORMAT)) {
      throw settings.invalid(INPUT_FORMAT, "input.table has a format of its own");
    }

    return new InputSpec(
        table.isPresent() ? Optional.empty() : Optional.of(settings.text(INPUT_FORMAT)),
        path,
        table,
        settings.choice(INPUT_READER, ParquetCode.class),
        settings.map(INPUT_OPTIONS),
        settings.optional(INPUT_WHERE, Settings::text),
        partitions(settings).filter(some -> command.fits())); // one file for all commands
  }

  private static Optional<PartitionSpec> partitions(Settings settings) {
    Optional<String> column = settings.optional(INPUT_PARTITION_BY, Settings::text);
    Optional<Window> window =
        settings
            .optional(INPUT_WINDOW, Settings::text)
            .map(
                text ->
                    Window.parse(text)
                        .orElseThrow(
                            () -> settings.invalid(INPUT_WINDOW, PartitionSpec.WINDOW_RULE)));
    if (window.isPresent() && column.isEmpty()) {
      throw settings.missing(INPUT_PARTITION_BY);
    }

    return column.map(name -> new PartitionSpec(name, window));
  }

  private static OutputSpec output(Settings settings) {
    Optional<String> path =
        settings.optional(
            OUTPUT_PATH,
            (given, key) ->
                Placeholders.path(given, key, List.of(Placeholders.DATE, Placeholders.RUN)));
    Optional<String> table = settings.optional(OUTPUT_TABLE, Settings::text);
    checkEither(settings, OUTPUT_PATH, OUTPUT_TABLE);
    if (path.filter(given -> ROOT.matcher(given).matches()).isPresent()) {
      throw settings.invalid(OUTPUT_PATH, "must not be the root of a file system");
    }

    if (path.isPresent() && SnapshotFormat.named(settings.text(OUTPUT_FORMAT)).isPresent()) {
      throw settings.invalid(OUTPUT_FORMAT, "is written as a table: name it by output.table");
    }

    IfExists ifExists = settings.choice(OUTPUT_IF_EXISTS, IfExists.class);
    List<String> partitionBy =
        settings.optional(OUTPUT_PARTITION_BY, Settings::texts).orElse(List.of());
    if (ifExists == IfExists.REPLACE_PARTITIONS && partitionBy.isEmpty()) {
      throw settings.invalid(OUTPUT_IF_EXISTS, "output.partition-by names no column");
    }

    return new OutputSpec(
        path.isPresent()
            ? Optional.of(settings.text(OUTPUT_FORMAT))
            : settings.optional(OUTPUT_FORMAT, Settings::text),
        path,
        table,
        ifExists,
        partitionBy,
        settings.choice(OUTPUT_VERIFY, Verify.class),
        settings.choice(OUTPUT_WRITER, ParquetCode.class),
        settings.map(OUTPUT_OPTIONS));
  }

  private static FaultPolicies faults(Settings settings) {
    return new FaultPolicies(
        settings.choice(FAULTS_NAN, Policy.class),
        settings.choice(FAULTS_INFINITY, Policy.class),
        settings.choice(FAULTS_NULL_ARRAY, Policy.class),
        settings.choice(FAULTS_NULL_ELEMENT, Policy.class),
        settings.choice(FAULTS_WRONG_LENGTH, Policy.class));
  }

  private List<FeatureSpec> features(Settings store) {
    List<Settings> blocks = blocks();
    Settings norm = group("norm");
    List<FeatureSpec> features = new ArrayList<>();
    for (Settings block : blocks) {
      features.add(new FeatureReader(command, block, norm, store, blocks.size() > 1).read());
    }

    checkDistinct(blocks, features);
    return features;
  }

  private List<Settings> blocks() {
    List<Settings> blocks = new ArrayList<>();
    ConfigValue value = given("features").orElse(NO_BLOCKS);
    if (!(value instanceof ConfigList list)) {
      return List.of(new Settings(value, "features", "features"));
    }

    for (ConfigValue block : list) {
      blocks.add(new Settings(block, "features", "features[%d]".formatted(blocks.size())));
    }

    if (blocks.isEmpty()) {
      throw JobException.usage(
          "Invalid configuration: features is missing (a block { column = .. } or a list of such"
              + " blocks)");
    }

    return blocks;
  }

  /** No column is written twice, whatever its case, and no model published twice. */
  private void checkDistinct(List<Settings> blocks, List<FeatureSpec> features) {
    Map<String, String> writers = new HashMap<>();
    Map<String, String> publishers = new HashMap<>();
    for (int i = 0; i < features.size(); i++) {
      String location = blocks.get(i).location();
      for (String output : features.get(i).outputs()) {
        String column = output.toLowerCase(Locale.ROOT);
        checkFirst(location + ".output", output, writers.put(column, location));
      }

      if (command.fits() && features.get(i).model().isPresent()) {
        String name = features.get(i).model().get().name();
        checkFirst(location + ".model", name, publishers.put(name, location));
      }
    }
  }

  private static void checkFirst(String what, String name, String earlier) {
    if (earlier != null) {
      throw JobException.usage("Invalid %s: %s (%s has the same)".formatted(what, name, earlier));
    }
  }

  private static void checkEither(Settings settings, Key path, Key table) {
    if (settings.has(path) && settings.has(table)) {
      throw settings.invalid(table, "%s is given too".formatted(path.fullName()));
    }

    if (!settings.has(path) && !settings.has(table)) {
      throw settings.missing(path);
    }
  }
}
