package io.sparknorm.spark.fit;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.config.TableName;
import io.sparknorm.spark.models.InputIdentity;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The last state of a Delta Lake or Iceberg table: every pass reads this one, whatever is committed
 * meanwhile, and another run on the same state is known for the same.
 */
record TableSnapshot(Dataset<Row> rows, InputIdentity identity) {
  /** Options, in lower case, by which a user chooses a state; then it is not for us to do. */
  private static final Set<String> CHOICES =
      Set.of(
          "versionasof",
          "timestampasof",
          "snapshot-id",
          "as-of-timestamp",
          "branch",
          "tag",
          "start-snapshot-id",
          "end-snapshot-id",
          "readchangefeed");

  /** What Iceberg takes for the choice of a state where no table has such a name. */
  private static final Pattern SELECTOR =
      Pattern.compile("(branch|tag|snapshot_id)_(?<version>.*)|at_timestamp_\\d+");

  /** Pins the input; empty unless it is a table of a format that keeps states, and has one. */
  static Optional<TableSnapshot> pin(SparkSession spark, InputSpec input) {
    return input.table().isPresent()
        ? ofTable(spark, TableName.parse(input.table().get()), input)
        : ofPath(spark, input);
  }

  private static Optional<TableSnapshot> ofTable(
      SparkSession spark, TableName name, InputSpec input) {
    String table = name.quoted();
    Optional<SnapshotFormat> format = SnapshotFormat.of(spark, table);
    Optional<String> version = format.flatMap(known -> known.latestVersion(spark, table));
    return version.map(
        number -> {
          Dataset<Row> rows = rows(spark, name, number);
          return new TableSnapshot(
              rows, identity(input, number, format.get().identity(spark, table)));
        });
  }

  private static Dataset<Row> rows(SparkSession spark, TableName table, String version) {
    try {
      return spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(table.quoted(), version));
    } catch (IllegalArgumentException e) { // Iceberg's, which takes one choice of a state
      Matcher choice = SELECTOR.matcher(table.last().parts().get(0));
      if (!choice.matches()) {
        throw e;
      }

      throw new JobException(
          LeavingStatus.USAGE,
          "Cannot read table %s: its name chooses a state of %s (set input.format = iceberg,"
                  .formatted(table.quoted(), table.namespace().get().quoted())
              + " input.path to that table and "
              + (choice.group("version") == null
                  ? "timestampAsOf"
                  : "versionAsOf = " + choice.group("version"))
              + " among input.options)",
          e);
    }
  }

  private static Optional<TableSnapshot> ofPath(SparkSession spark, InputSpec input) {
    if (input.path().isEmpty()
        || input.options().keySet().stream()
            .anyMatch(option -> CHOICES.contains(option.toLowerCase(Locale.ROOT)))) {
      return Optional.empty();
    }

    String path = input.path().orElseThrow();
    DataFrameReader reader =
        spark.read().format(input.format().orElseThrow()).options(input.options());
    Optional<SnapshotFormat> format = SnapshotFormat.named(input.format().orElseThrow());
    if (format.isEmpty()) {
      return Optional.empty();
    }

    return switch (format.get()) {
      case DELTA -> {
        String table = new TableName(List.of(SnapshotFormat.DELTA.key(), path)).quoted();
        yield SnapshotFormat.DELTA
            .latestVersion(spark, table)
            .map(
                version ->
                    new TableSnapshot(
                        reader.option("versionAsOf", version).load(path),
                        identity(input, version, SnapshotFormat.DELTA.identity(spark, table))));
      }
      case ICEBERG ->
          reader
              .load(path + "#refs")
              .where("name = 'main'")
              .select("snapshot_id")
              .collectAsList()
              .stream()
              .findFirst()
              .map(row -> String.valueOf(row.getLong(0)))
              .map(
                  version ->
                      new TableSnapshot(
                          reader.option("versionAsOf", version).load(path),
                          identity(input, version, "")));
    };
  }

  private static InputIdentity identity(InputSpec input, String version, String table) {
    String location =
        "%s VERSION AS OF %s".formatted(Locations.withoutSecrets(input.location()), version);
    return new InputIdentity(
        InputIdentity.Kind.TABLE, location, List.of(), Sha256.of(location + "\n" + table));
  }
}
