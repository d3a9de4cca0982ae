package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.SystemFailure;
import io.sparknorm.spark.Visibility;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.Key;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.output.Output;
import io.sparknorm.spark.parquet.BulkParquetFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/** When an output may not be written, and why. */
final class OutputRules {
  private static final String VECTORIZED_READER = "spark.sql.parquet.enableVectorizedReader";

  /** Without it, Spark reads arrays, and what is read beside them, row by row. */
  private static final String NESTED_VECTORIZED_READER =
      "spark.sql.parquet.enableNestedColumnVectorizedReader";

  private OutputRules() {}

  /** Once replaced, an input would be normalised a second time by the next attempt. */
  static void checkIsNotTheInput(Output output, InputSpec spec, Input input) {
    if (output.holds(spec, input.files())) {
      throw JobException.usage(
          "Cannot write output: %s is where the input is (write to another path or table)"
              .formatted(output.location()));
    }
  }

  /**
   * What is within the output would go with it when it is replaced, however its path is written and
   * whatever links lead there.
   *
   * @param output its path
   * @param key of the other path
   */
  static void checkIsOutside(String output, Key key, Optional<String> path, Configuration hadoop) {
    List<Path> folder = LocalFiles.spellings(new Path(output), hadoop);
    if (path.map(Path::new)
        .filter(given -> LocalFiles.isWithin(given, folder, hadoop))
        .isPresent()) {
      throw JobException.usage(
          "Invalid %s: %s (must not be within output.path)"
              .formatted(key.fullName(), Locations.withoutSecrets(path.get())));
    }
  }

  /**
   * What Spark sees within the input is read as part of it by the next run, unless the input is the
   * files of one folder: Spark looks no further then, for names of partitions apart.
   *
   * @param output a path
   * @param partitionBy by which columns it will be partitioned
   */
  static void checkIsNotSeenWithin(
      InputSpec spec, Input input, String output, List<String> partitionBy, Configuration hadoop) {
    if (spec.path().isEmpty()) {
      return;
    }

    String folder = qualified(spec.path().get(), hadoop);
    boolean isReadWhole =
        !partitionBy.isEmpty()
            || isDeep(spec, input, folder)
            || isPartition(folder, option("basePath", spec.options()), hadoop);
    List<Path> folders = LocalFiles.spellings(new Path(spec.path().get()), hadoop);
    if (LocalFiles.spellings(new Path(output), hadoop).stream()
        .flatMap(place -> folders.stream().map(of -> below(place, of)))
        .filter(names -> Stream.of(names.split("/")).allMatch(Visibility::isVisible))
        .anyMatch(names -> !names.isEmpty() && (isReadWhole || names.contains("=")))) {
      throw JobException.usage(
          "Cannot write output: %s is within input.path, where the next run finds it (write to a"
                  .formatted(output)
              + " path beside that)");
    }
  }

  /** The names that lead from a folder to a place; none if it is not below. */
  private static String below(Path place, Path folder) {
    String beginning = withSlash(folder);
    return withSlash(place).startsWith(beginning)
        ? withSlash(place).substring(beginning.length())
        : "";
  }

  /** Whether what is in folders of the input's folder belongs to it, or may do so. */
  private static boolean isDeep(InputSpec spec, Input input, String folder) {
    return input.identity().kind() == InputIdentity.Kind.TABLE
        || option("recursiveFileLookup", spec.options()).filter(Boolean::parseBoolean).isPresent()
        || input.files().isEmpty()
        || input.files().stream().anyMatch(file -> file.lastIndexOf('/') >= folder.length());
  }

  /** All folders within a partition are of it, however deep, where its name is read. */
  private static boolean isPartition(String folder, Optional<String> base, Configuration hadoop) {
    return base.map(path -> qualified(path, hadoop))
        .filter(folder::startsWith)
        .filter(path -> folder.substring(path.length()).contains("="))
        .isPresent();
  }

  private static Optional<String> option(String name, Map<String, String> options) {
    return options.entrySet().stream()
        .filter(option -> option.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private static String qualified(String given, Configuration hadoop) {
    return withSlash(LocalFiles.spellings(new Path(given), hadoop).get(0));
  }

  /** So that it is the beginning of what is within. */
  private static String withSlash(Path path) {
    return path.toString().endsWith("/") ? path.toString() : path + "/";
  }

  /** Partitions are made of columns of the input. */
  static void checkPartitions(List<String> partitionBy, Input input) {
    List<String> columns = List.of(input.rows().columns());
    for (String column : partitionBy) {
      if (columns.stream().noneMatch(column::equalsIgnoreCase)) {
        throw JobException.data(
            "Cannot part the output by %s: the input has %s"
                .formatted(column, String.join(", ", columns)));
      }
    }
  }

  /** Spark says the same, but only once the fit is done. */
  static void checkColumns(OutputSpec output, Input input) {
    if (output.format().filter("csv"::equalsIgnoreCase).isEmpty()) {
      return;
    }

    for (StructField column : input.rows().schema().fields()) {
      if (isNested(column.dataType())) {
        throw JobException.usage(
            "Cannot write output: csv holds no column such as %s, %s (write parquet, orc or json)"
                .formatted(column.name(), column.dataType().catalogString()));
      }
    }
  }

  /** Spares a fit and a write that cannot be verified; what it misses fails as it is read back. */
  static void checkCanBeReadBack(OutputSpec output, SparkSession spark) {
    boolean isSplit =
        output
            .format()
            .map(format -> output.path().isPresent() ? output.writer().source(format) : format)
            .filter(BulkParquetFormat.NAME::equalsIgnoreCase)
            .flatMap(ours -> option(BulkParquetFormat.BYTE_STREAM_SPLIT, output.options()))
            .filter(Boolean::parseBoolean)
            .isPresent();
    if (isSplit
        && Stream.of(VECTORIZED_READER, NESTED_VECTORIZED_READER)
            .allMatch(reader -> Boolean.parseBoolean(spark.conf().get(reader)))) {
      throw unreadable(null);
    }
  }

  /** Whether what was written could not be read back for that reason. */
  static boolean isOfStreams(Exception failure) {
    return SystemFailure.causes(failure)
        .anyMatch(cause -> "Unsupported encoding: BYTE_STREAM_SPLIT".equals(cause.getMessage()));
  }

  /**
   * What is written is read back by Spark's own reader.
   *
   * @param cause null if it was not tried
   */
  static JobException unreadable(Exception cause) {
    return new JobException(
        LeavingStatus.USAGE,
        "Cannot verify statistics of an output with byte-stream-split: Spark's vectorised reader"
            + " refuses it (set %s = false, or output.verify = records)"
                .formatted(VECTORIZED_READER),
        cause);
  }

  private static boolean isNested(DataType type) {
    return type instanceof ArrayType
        || type instanceof MapType
        || type instanceof StructType
        || type instanceof UserDefinedType<?>;
  }

  static JobException occupied(Output output) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot write output: %s exists and is not this run's (write to a new path, or set"
                .formatted(output.location())
            + " output.if-exists = %s)"
                .formatted(output.isReplaceable() ? "replace | skip" : "skip"));
  }

  static JobException unfinished(String location) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot write output: %s has no _SUCCESS and is not this run's (let the run that writes to it"
                .formatted(location)
            + " end; if there is none, remove the folder, or add _SUCCESS to what is complete)");
  }

  static JobException outrun(String location, Exception cause) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: another attempt at this run has published %s".formatted(location),
        cause);
  }
}
