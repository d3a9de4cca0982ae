package io.sparknorm.spark;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Table formats that keep every state of a table under a number and replace a table in one commit.
 * They are asked through Spark alone: their jars are for the user to bring.
 */
public enum SnapshotFormat {
  DELTA("delta.minReaderVersion"),
  ICEBERG(SnapshotFormat.ICEBERG_SNAPSHOT);

  static final String ICEBERG_SNAPSHOT = "current-snapshot-id";

  /** What a commit of a run says of it. */
  private static final String RUN = "sparknorm.run-identity";

  /** Delta's operations, up to 4.4, that leave the records of a table as they are. */
  private static final Object[] TIDYING = {
    "ADD CONSTRAINT",
    "CLUSTER BY",
    "COMPUTE STATS",
    "Deletion Vector Tombstones",
    "DOMAIN METADATA CLEANUP",
    "DROP CONSTRAINT",
    "DROP FEATURE",
    "Empty Commit",
    "OPTIMIZE",
    "OPTIMIZE CHECKPOINT",
    "REORG",
    "REORG TABLE UPGRADE UNIFORM",
    "ROW TRACKING BACKFILL",
    "ROW TRACKING UNBACKFILL",
    "SET TBLPROPERTIES",
    "UNSET TBLPROPERTIES",
    "UPGRADE PROTOCOL",
    "VACUUM END",
    "VACUUM START"
  };

  /** The property that each of its tables has, and no other table. */
  private final String property;

  SnapshotFormat(String property) {
    this.property = property;
  }

  /** The format of that name, as it stands after {@code USING}; empty if it keeps no states. */
  public static Optional<SnapshotFormat> named(String format) {
    for (SnapshotFormat candidate : values()) {
      if (candidate.key().equalsIgnoreCase(format)) {
        return Optional.of(candidate);
      }
    }

    return Optional.empty();
  }

  /**
   * The format of a table; empty if it keeps no states.
   *
   * @param table its quoted name; a table, not a view
   */
  public static Optional<SnapshotFormat> of(SparkSession spark, String table) {
    // Files named as a table have none, as has a table that is missing: whoever reads it is told.
    Map<String, String> properties =
        CatalogLookup.find(() -> properties(spark, table)).orElse(Map.of());
    for (SnapshotFormat candidate : values()) {
      if (properties.containsKey(candidate.property)) {
        return Optional.of(candidate);
      }
    }

    return Optional.empty();
  }

  /** The name after {@code USING}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The number of a table's last state, for {@code VERSION AS OF}; empty for a table that was never
   * written to.
   *
   * @param table its quoted name
   */
  public Optional<String> latestVersion(SparkSession spark, String table) {
    return switch (this) {
      case DELTA ->
          Optional.of(
              String.valueOf(
                  spark
                      .sql("DESCRIBE HISTORY " + table + " LIMIT 1")
                      .select("version")
                      .head()
                      .getLong(0)));
      case ICEBERG ->
          Optional.of(properties(spark, table).get(ICEBERG_SNAPSHOT))
              .filter(version -> !version.equals("none"));
    };
  }

  /**
   * The options of a write by which its commit bears the identity of a run. Delta heeds them where
   * it writes into a table, and of its three ways to make one only in {@code createOrReplace}.
   */
  public Map<String, String> runOptions(String identity) {
    return switch (this) {
      case DELTA -> Map.of("userMetadata", mark(identity));
      case ICEBERG -> Map.of("snapshot-property." + RUN, mark(identity));
    };
  }

  /**
   * Whether a table's records are as a run has left them: no commit after the run's has changed
   * them. One that only tidies files up or sets properties has not.
   *
   * @param table its quoted name, with its namespace
   */
  public boolean isLastWrittenBy(SparkSession spark, String table, String identity) {
    return lastCommit(spark, table).stream()
        .anyMatch(commit -> mark(identity).equals(commit.getString(0)));
  }

  private String mark(String identity) {
    return switch (this) {
      case DELTA -> RUN + "=" + identity;
      case ICEBERG -> identity; // under a name of its own
    };
  }

  /** The mark of the commit that has made the records what they are, if it is still known. */
  private List<Row> lastCommit(SparkSession spark, String table) {
    return switch (this) {
      case DELTA -> {
        List<Row> recent =
            lastOfDelta(spark, table, " LIMIT 20"); // of maybe thousands, a file each
        yield recent.isEmpty() ? lastOfDelta(spark, table, "") : recent;
      }
      case ICEBERG ->
          spark
              .sql(
                  """
                  SELECT summary['%2$s'] FROM %1$s.history JOIN %1$s.snapshots USING (snapshot_id)
                  WHERE is_current_ancestor AND operation <> 'replace' ORDER BY made_current_at DESC
                  """
                      .formatted(table, RUN))
              .takeAsList(1);
    };
  }

  private static List<Row> lastOfDelta(SparkSession spark, String table, String limit) {
    return spark
        .sql("DESCRIBE HISTORY " + table + limit)
        .where(functions.not(functions.col("operation").isin(TIDYING)))
        .orderBy(functions.col("version").desc())
        .select("userMetadata")
        .takeAsList(1);
  }

  /** What tells a table from an earlier one of its name, whose states had the same numbers. */
  public String identity(SparkSession spark, String table) {
    return switch (this) {
      case DELTA -> spark.sql("DESCRIBE DETAIL " + table).select("id").head().getString(0);
      case ICEBERG -> ""; // its numbers are random
    };
  }

  private static Map<String, String> properties(SparkSession spark, String table) {
    return spark.sql("SHOW TBLPROPERTIES " + table).collectAsList().stream()
        .collect(Collectors.toMap((Row row) -> row.getString(0), row -> row.getString(1)));
  }
}
