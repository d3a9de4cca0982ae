package io.sparknorm.spark.config;

import java.util.Arrays;
import java.util.List;

/**
 * Every key of a job file: its name, what holds without it, and what it means. Unknown keys are
 * recognised, defaults are taken and the README's table is made from here and from nowhere else.
 */
public enum Key {
  INPUT_FORMAT(
      "input.format",
      Default.of("parquet"),
      "Spark data source to read: parquet, orc, csv, json or any other on the class path; goes with"
          + " input.path, or alone where options say where the data is, as in jdbc"),
  INPUT_PATH("input.path", Default.NONE, "Where the data is; this or input.table"),
  INPUT_TABLE("input.table", Default.NONE, "Table or view to read; this or input.path"),
  INPUT_READER(
      "input.reader",
      Default.of("bulk"),
      "What reads a path of Parquet files: bulk, which takes tensor columns page by page, or spark,"
          + " Spark's own reader; the records are the same"),
  INPUT_OPTIONS(
      "input.options",
      Default.described("no options"),
      "Options of the data source, such as { header = true }; their values never reach a log"),
  INPUT_WHERE(
      "input.where",
      Default.described("all records"),
      "SQL condition that chooses the records to fit on; apply takes all"),
  INPUT_PARTITION_BY(
      "input.partition-by",
      Default.NONE,
      "Column by whose values the input's files are in folders: a fit keeps the state of each, and"
          + " scans only those that are new or changed"),
  INPUT_WINDOW(
      "input.window",
      Default.described("all"),
      "The newest partitions to fit on, such as 30 days or 30 partitions; apply takes all"),

  OUTPUT_FORMAT(
      "output.format",
      Default.of("parquet"),
      "Spark data source to write; a table that has a format of its own needs none"),
  OUTPUT_PATH(
      "output.path",
      Default.NONE,
      "Where the result goes, with {date} and {run} filled in; this or output.table"),
  OUTPUT_TABLE("output.table", Default.NONE, "Table to write; this or output.path"),
  OUTPUT_IF_EXISTS(
      "output.if-exists",
      Default.of("fail"),
      "What to do when the output is there already: fail, replace, replace-partitions (those that"
          + " the new result has; readers of an ordinary table may miss one meanwhile) or skip"),
  OUTPUT_PARTITION_BY(
      "output.partition-by",
      Default.described("no partitions"),
      "List of columns, such as [day]: a folder, or a table's partition, for each of their values"),
  OUTPUT_VERIFY(
      "output.verify",
      Default.of("records"),
      "What is verified before publishing: records, their number, counted in the files that were"
          + " written (of csv, json and xml what was given to the writer); statistics, also that"
          + " what was written, read back, has the mean and variance that the norm promises"),
  OUTPUT_WRITER(
      "output.writer",
      Default.of("bulk"),
      "What writes a path of Parquet files: bulk, which writes tensor columns page by page, or"
          + " spark, Spark's own writer; readers see no difference"),
  OUTPUT_OPTIONS(
      "output.options",
      Default.described("no options"),
      "Options of the data source; their values never reach a log"),

  FEATURES_COLUMN(
      "features.column",
      Default.NONE,
      "The column that holds one tensor per record: an array (nested or flat) or an ML vector;"
          + " this or features.columns"),
  FEATURES_COLUMNS(
      "features.columns",
      Default.NONE,
      "List of numeric columns, each one channel; this or features.column"),
  FEATURES_OUTPUT(
      "features.output",
      Default.described("replaced in place"),
      "Name of the normalised column; for features.columns a list of as many names"),
  FEATURES_SHAPE(
      "features.shape",
      Default.described("the number of columns; in apply the model's"),
      "Dimensions of one record's tensor, row-major, such as [3, 32, 32]; one of them may be -1"
          + " where records differ"),
  FEATURES_LAYOUT(
      "features.layout",
      Default.of("channels-first"),
      "Which dimension is the channel: channels-first or channels-last"),
  FEATURES_NORM(
      "features.norm",
      Default.described("the top-level norm"),
      "The block's own norm, with the keys of norm, in place of the top-level one"),
  FEATURES_MODEL(
      "features.model",
      Default.described("store.model; with several blocks store.model, _ and the column"),
      "Name of the block's model in the store"),
  FEATURES_VERSION(
      "features.version",
      Default.described("store.version"),
      "Version of the block's model that apply takes: a number or an alias"),
  FEATURES_WEIGHT(
      "features.weight",
      Default.described("every record counts once"),
      "Numeric column that says how many times a fit counts each record: a whole number, 0 leaves"
          + " it out"),
  FEATURES_GROUP_BY(
      "features.group-by",
      Default.described("no groups; in apply the model's"),
      "List of columns, such as [country]: records with the same values have statistics of their"
          + " own"),
  FEATURES_UNSEEN(
      "features.unseen",
      Default.of("fail"),
      "A record of a group that was not fitted: fail, global (normalise it by the statistics of all"
          + " records) or identity (leave it as it is)"),

  NORM_TYPE(
      "norm.type",
      Default.NONE,
      "Which norm: batch-norm, layer-norm, instance-norm, group-norm, rms-norm,"
          + " mean-variance-norm, evonorm-s0, evonorm-s0a, evonorm-s1, evonorm-s1a, evonorm-s2,"
          + " evonorm-s2a, evonorm-b0, evonorm-b1 or evonorm-b2"),
  NORM_EPSILON(
      "norm.epsilon",
      Default.described(
          "1e-5; mean-variance-norm 1e-9; evonorm-s0a, evonorm-s1a and evonorm-s2a 1e-3"),
      "Keeps the denominator away from zero; 0 is allowed"),
  NORM_VARIANCE(
      "norm.variance",
      Default.of("biased"),
      "Which variance to divide by: biased (by n) or unbiased (by n - 1)"),
  NORM_EPSILON_PLACEMENT(
      "norm.epsilon-placement",
      Default.of("inside-sqrt"),
      "inside-sqrt: sqrt(variance + epsilon); outside-sqrt: sqrt(variance) + epsilon"),
  NORM_WEIGHT(
      "norm.weight",
      Default.described("1"),
      "List of factors after the norm, one per channel or position in normalized-shape"),
  NORM_BIAS(
      "norm.bias",
      Default.described("0"),
      "List of summands after the norm, one per channel or position in normalized-shape"),
  NORM_CENTER("norm.center", Default.of("true"), "false leaves the bias out"),
  NORM_SCALE("norm.scale", Default.of("true"), "false leaves the weight out"),
  NORM_GROUPS(
      "norm.groups",
      Default.of("32"),
      "Number of groups of neighbouring channels; must divide the channels"),
  NORM_NORMALIZED_SHAPE(
      "norm.normalized-shape",
      Default.described("the whole record if it has one dimension"),
      "The last dimensions that share one mean and variance"),
  NORM_AXES(
      "norm.axes",
      Default.described("all but the channel"),
      "Axes that share one mean and variance, 0 being the records; all but the channel, the same"
          + " without 0, or all but 0"),
  NORM_V("norm.v", Default.described("1"), "List of EvoNorm's slopes, one per channel"),
  NORM_APPLY_ACT("norm.apply-act", Default.of("true"), "false leaves EvoNorm's activation out"),
  NORM_ACTIVATION(
      "norm.activation", Default.of("none"), "Applied last: none, relu, silu or sigmoid"),
  NORM_MODE(
      "norm.mode",
      Default.described("train; in apply eval"),
      "train: normalise by the dataset's own statistics; eval: by the running ones where the model"
          + " keeps them, else by the fitted ones"),
  NORM_MOMENTUM(
      "norm.momentum",
      Default.described("no running statistics"),
      "Number between 0 and 1 by which running statistics move, or none for the cumulative"
          + " average"),
  NORM_MOMENTUM_CONVENTION(
      "norm.momentum-convention",
      Default.described("none: a numeric momentum needs it"),
      "What momentum weighs: new-weight the new dataset (PyTorch), old-weight the running"
          + " statistics (ONNX, TensorFlow)"),
  NORM_RUNNING_VARIANCE(
      "norm.running-variance",
      Default.described("none: momentum needs it"),
      "Which variance of the dataset enters the running one: unbiased (PyTorch) or biased (ONNX,"
          + " TensorFlow)"),

  STORE_PATH("store.path", Default.NONE, "Folder that holds models, on any Hadoop file system"),
  STORE_MODEL("store.model", Default.NONE, "Name of the model: letters, digits, _ and -"),
  STORE_VERSION(
      "store.version",
      Default.described("the latest"),
      "Version that apply takes, a number or an alias; fit and run publish the next one"),

  FAULTS_NAN("faults.nan", Default.of("propagate"), "A NaN: " + Default.POLICIES),
  FAULTS_INFINITY("faults.infinity", Default.of("propagate"), "An infinity: " + Default.POLICIES),
  FAULTS_NULL_ARRAY(
      "faults.null-array", Default.of("propagate"), "A null tensor: " + Default.POLICIES),
  FAULTS_NULL_ELEMENT(
      "faults.null-element", Default.of("fail"), "A null in a tensor: " + Default.POLICIES),
  FAULTS_WRONG_LENGTH(
      "faults.wrong-length",
      Default.of("fail"),
      "A tensor of another length than the shape's: " + Default.POLICIES),

  RUN_STATUS_PATH(
      "run.status-path",
      Default.described("beside output.path, else in the store"),
      "File that says how the run ended; may hold {date}");

  /** What holds without a key: a value as the job file would have it, or a description. */
  private record Default(String text, boolean isValue) {
    private static final String POLICIES = "fail, propagate, drop-record or skip-value";

    private static final Default NONE = described("");

    static Default of(String value) {
      return new Default(value, true);
    }

    static Default described(String text) {
      return new Default(text, false);
    }
  }

  private final String fullName;
  private final Default fallback;
  private final String meaning;

  Key(String fullName, Default fallback, String meaning) {
    this.fullName = fullName;
    this.fallback = fallback;
    this.meaning = meaning;
  }

  /** The name with its group, such as {@code norm.epsilon}. */
  public String fullName() {
    return fullName;
  }

  /** The name within its group, such as {@code epsilon}. */
  String simpleName() {
    return fullName.substring(fullName.indexOf('.') + 1);
  }

  String group() {
    return fullName.substring(0, fullName.indexOf('.'));
  }

  String meaning() {
    return meaning;
  }

  boolean hasDefaultValue() {
    return fallback.isValue();
  }

  /** The value that holds without the key, as the job file would have it. */
  String defaultValue() {
    return fallback.text();
  }

  static List<String> groups() {
    return Arrays.stream(values()).map(Key::group).distinct().toList();
  }

  static List<String> namesIn(String group) {
    return Arrays.stream(values())
        .filter(key -> key.group().equals(group))
        .map(Key::simpleName)
        .toList();
  }

  /** The README's table of keys. */
  public static String markdownTable() {
    StringBuilder table = new StringBuilder("| key | default | meaning |\n|---|---|---|\n");
    for (Key key : values()) {
      String text = key.fallback.text();
      table
          .append("| `")
          .append(key.fullName)
          .append("` | ")
          .append(key.fallback.isValue() ? "`" + text + "`" : text)
          .append(" | ")
          .append(key.meaning)
          .append(" |\n");
    }

    return table.toString();
  }
}
