package io.sparknorm.spark.output;

import io.sparknorm.spark.CatalogLookup;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.TableName;
import java.net.URI;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Replaces a table by renaming: the old one aside, the new one in. As {@link Replacement} of a
 * folder: what is set aside stands beside the target, and whoever finds it puts it back where the
 * target is missing, and drops it where it is there.
 */
final class TableReplacement {
  private static final String REPLACED = "__sparknorm_replaced_";
  private static final int TRIES = 20;

  /** Set to true by Hive on the external tables that it makes of ordinary ones. */
  private static final String PURGE = "external.table.purge";

  private final SparkSession spark;
  private final TableName target;
  private final OutputSpec spec;
  private final String attempt;

  TableReplacement(SparkSession spark, TableName target, OutputSpec spec, String attempt) {
    this.spark = spark;
    this.target = target;
    this.spec = spec;
    this.attempt = attempt;
  }

  /**
   * Makes a table the target, which is not there.
   *
   * @throws JobException with status CONFLICT if it is
   */
  void moveIn(TableName table) {
    try {
      rename(table, target);
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (AfterFailure.isSo(e, () -> exists(target))) {
        throw publishedFirst(e);
      }

      throw e;
    }
  }

  /**
   * Makes a table the target, whatever is there.
   *
   * @throws JobException with status CONFLICT if somebody else does so meanwhile
   */
  void replace(TableName table) {
    for (int i = 1; ; i++) {
      TableName aside = target.sibling(replacedSuffix());
      boolean replacing = setAside(aside);
      try {
        moveIn(table);
        return;
      } catch (JobException e) {
        // Either another run has put the old table back, or it has published its own.
        if (!replacing || i == TRIES || exists(aside)) {
          drop(aside);
          throw e;
        }
      } catch (Exception e) { // Spark throws checked ones undeclared
        AfterFailure.attempt(e, this::settle);
        throw e;
      }
    }
  }

  private boolean setAside(TableName aside) {
    if (!exists(target)) {
      return false;
    }

    try {
      rename(target, aside);
      return true;
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (!AfterFailure.isSo(e, () -> !exists(target))) {
        throw e;
      }

      return false; // another run has just set it aside
    }
  }

  /** Puts back what an interrupted replacement has set aside, and drops what is obsolete. */
  void settle() {
    for (TableName aside : siblings(REPLACED)) {
      if (exists(target)) {
        drop(aside);
      } else {
        putBack(aside);
      }
    }
  }

  private void putBack(TableName aside) {
    try {
      rename(aside, target);
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (!AfterFailure.isSo(e, () -> exists(target))) {
        throw e;
      }
    }
  }

  /** Tables beside the target whose names go on like this, the newest first. */
  List<TableName> siblings(String suffix) {
    String namespace = target.namespace().map(name -> "IN " + name.quoted() + " ").orElse("");
    return spark
        .sql("SHOW TABLES %sLIKE '*__sparknorm_*'".formatted(namespace))
        .collectAsList()
        .stream()
        .map(row -> row.<String>getAs("tableName"))
        .filter(name -> isSibling(name, suffix))
        .sorted(Comparator.reverseOrder())
        .map(target::beside)
        .toList();
  }

  /** Whether a table beside the target has a name that goes on like this. */
  boolean isSibling(String name, String suffix) {
    String prefix = target.last().parts().get(0) + suffix;
    return name.regionMatches(true, 0, prefix, 0, prefix.length());
  }

  /** Named by the time, so that the last replacement is known. */
  private String replacedSuffix() {
    return "%s%013d_%s".formatted(REPLACED, System.currentTimeMillis(), attempt);
  }

  boolean exists(TableName table) {
    return spark.catalog().tableExists(table.quoted());
  }

  /** Whether the target's files stay where they are when it is dropped. */
  boolean leavesFiles() {
    String type =
        CatalogLookup.tableType(spark, target.quoted()).orElseThrow(() -> publishedFirst(null));
    return "EXTERNAL".equals(type) && property(PURGE).filter("true"::equalsIgnoreCase).isEmpty();
  }

  /** The files of the target; empty if it is not there, or somebody has just set it aside. */
  Optional<List<Path>> files() {
    return exists(target) // or Spark may take the name for that of files
        ? CatalogLookup.find(() -> spark.table(target.quoted()).inputFiles())
            .map(uris -> Arrays.stream(uris).map(uri -> new Path(URI.create(uri))).toList())
        : Optional.empty();
  }

  /** A property of the target; empty, too, if somebody has just set the target aside. */
  Optional<String> property(String name) {
    String properties = "SHOW TBLPROPERTIES " + target.quoted();
    return CatalogLookup.find(() -> spark.sql(properties).collectAsList())
        .orElse(List.of())
        .stream()
        .filter(property -> property.getString(0).equals(name))
        .map(property -> property.getString(1))
        .findFirst();
  }

  void drop(TableName table) {
    if (!exists(table)) {
      return; // Spark would log with a stack trace that its properties cannot be shown
    }

    // Iceberg leaves the files of a table that is dropped unless it is asked not to.
    Optional<SnapshotFormat> format = SnapshotFormat.of(spark, table.quoted());
    String purge = format.filter(SnapshotFormat.ICEBERG::equals).isPresent() ? " PURGE" : "";
    spark.sql("DROP TABLE IF EXISTS " + table.quoted() + purge);
  }

  private void rename(TableName from, TableName to) {
    spark.sql("ALTER TABLE %s RENAME TO %s".formatted(from.quoted(), to.last().quoted()));
  }

  /**
   * What is said of a target that somebody else has written to. The partitions of this run may
   * still take their place beside the other's, or replace them: those of other days often come at
   * once.
   *
   * @param cause null if there is none
   */
  JobException publishedFirst(Exception cause) {
    boolean isOneOfMany = spec.ifExists() == IfExists.REPLACE_PARTITIONS;
    return new JobException(
        isOneOfMany ? LeavingStatus.TRY_AGAIN : LeavingStatus.CONFLICT,
        "Cannot publish output: table %s was written while this run was under way (another run"
                .formatted(spec.location())
            + " published first%s)".formatted(isOneOfMany ? "; start the run again" : ""),
        cause);
  }
}
