package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.TableName;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.CannotReplaceMissingTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * A table of any catalog. Staged as a table beside it, and renamed into place, or committed to it
 * where the format replaces a table in one commit, or written into its partitions; a table property
 * bears the identity of the run that published it.
 */
final class TableOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(TableOutput.class);
  private static final String IDENTITY_PROPERTY = "sparknorm.run-identity";
  private static final String REPLACED = "__sparknorm_replaced_";
  private static final int TRIES = 20;
  private static final String OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode";

  /**
   * Staged as Parquet: Delta writes by a query of its own, past what is observed of the rows on
   * their way.
   */
  private static final String DELTA = SnapshotFormat.DELTA.key();

  private final SparkSession spark;
  private final OutputSpec spec;
  private final Publisher publisher;
  private final TableName target;
  private final TableName staged;

  /**
   * A new Delta table is made under another name: a run that is killed meanwhile leaves files in
   * its folder, and Delta makes no table where there are files.
   */
  private final TableName copy;

  TableOutput(SparkSession spark, OutputSpec spec, Publisher publisher) {
    this.spark = spark;
    this.spec = spec;
    this.publisher = publisher;
    this.target = TableName.parse(spec.table().orElseThrow());
    this.staged = target.sibling(stagedSuffix() + publisher.attempt());
    this.copy = target.sibling(stagedSuffix() + publisher.attempt() + "_copy");
  }

  @Override
  public String location() {
    return spec.location();
  }

  @Override
  public boolean holds(InputSpec input, Set<String> files) {
    return input.table().map(TableName::parse).filter(this::isTarget).isPresent()
        || (!files.isEmpty() && exists(target) && hasOneOf(files));
  }

  /** A view may read the target, and a path may be that of its folder. */
  private boolean hasOneOf(Set<String> files) {
    return Arrays.stream(spark.table(target.quoted()).inputFiles())
        .map(uri -> new Path(URI.create(uri)).toString())
        .anyMatch(files::contains);
  }

  /** Names may leave off the current namespace and the current catalog, and have any case. */
  private boolean isTarget(TableName table) {
    String catalog = quoted(spark.catalog().currentCatalog()) + ".";
    String ours = withNamespace(target);
    String theirs = withNamespace(table);
    return ours.equalsIgnoreCase(theirs)
        || ours.equalsIgnoreCase(catalog + theirs)
        || theirs.equalsIgnoreCase(catalog + ours);
  }

  private String withNamespace(TableName table) {
    return table.namespace().isPresent()
        ? table.quoted()
        : TableName.parse(spark.catalog().currentDatabase()).quoted() + "." + table.quoted();
  }

  @Override
  public Existing existing() {
    settle();
    if (!exists(target)) {
      return Existing.NOTHING;
    }

    if (publishedIdentity().stream().noneMatch(publisher.identity()::equals)) {
      checkPartitions();
      return Existing.OTHER;
    }

    removeStaged();
    return Existing.SAME_RUN;
  }

  @Override
  public void stage(Dataset<Row> rows) {
    create(rows, staged, format().map(format -> format.equals(DELTA) ? "parquet" : format));
  }

  /** The format of the table to publish; empty for what the catalog makes by itself. */
  private Optional<String> format() {
    return spec.format().map(format -> format.toLowerCase(Locale.ROOT)).or(() -> snapshots(target));
  }

  private Optional<String> snapshots(TableName table) {
    return exists(table)
        ? SnapshotFormat.of(spark, table.quoted()).map(SnapshotFormat::key)
        : Optional.empty();
  }

  private void create(Dataset<Row> rows, TableName table, Optional<String> format) {
    try {
      writer(rows, table, format).create();
    } catch (TableAlreadyExistsException e) {
      throw publishedFirst(e);
    }
  }

  private CreateTableWriter<Row> writer(
      Dataset<Row> rows, TableName table, Optional<String> format) {
    DataFrameWriterV2<Row> writer = rows.writeTo(table.quoted()).options(spec.options());
    CreateTableWriter<Row> creator = format.isPresent() ? writer.using(format.get()) : writer;
    creator = creator.tableProperty(IDENTITY_PROPERTY, publisher.identity());
    if (spec.partitionBy().isEmpty()) {
      return creator;
    }

    List<Column> columns =
        spec.partitionBy().stream().map(name -> functions.col(quoted(name))).toList();
    return creator.partitionedBy(
        columns.get(0),
        // The one form that both lines of Spark have.
        JavaConverters.asScalaBufferConverter(columns.subList(1, columns.size()))
            .asScala()
            .toSeq());
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  @Override
  public Dataset<Row> staged() {
    return spark.table(staged.quoted());
  }

  @Override
  public void publish() {
    Optional<String> format = format().or(() -> snapshots(staged));
    if (spec.ifExists() == IfExists.REPLACE_PARTITIONS && exists(target)) {
      publishPartitions();
    } else if (format.flatMap(SnapshotFormat::named).isPresent()) {
      commit(format);
    } else {
      publishWhole();
    }

    settle();
    removeStaged();
  }

  /** Copies what was staged in one commit: readers see the old table up to it, then the new one. */
  private void commit(Optional<String> format) {
    if (spec.ifExists() != IfExists.REPLACE || !exists(target)) {
      if (format.filter(DELTA::equals).isPresent()) {
        create(staged(), copy, format);
        moveIn(copy);
      } else {
        create(staged(), target, format);
      }

      return;
    }

    Optional<String> before = version();
    try {
      writer(staged(), target, format).replace();
    } catch (CannotReplaceMissingTableException e) {
      throw publishedFirst(e);
    } catch (Exception e) { // each format has its own, some undeclared, for a commit too late
      if (version().equals(before)) {
        throw e;
      }

      throw publishedFirst(e);
    }
  }

  private void moveIn(TableName table) {
    try {
      rename(table, target);
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (exists(target)) {
        throw publishedFirst(e);
      }

      throw e;
    }
  }

  private Optional<String> version() {
    return SnapshotFormat.of(spark, target.quoted())
        .flatMap(format -> format.latestVersion(spark, target.quoted()));
  }

  private void publishWhole() {
    for (int i = 1; ; i++) {
      TableName aside = target.sibling(replacedSuffix());
      boolean replacing = spec.ifExists() == IfExists.REPLACE && exists(target);
      if (replacing) {
        rename(target, aside);
      }

      try {
        rename(staged, target);
        findPartitions();
        return;
      } catch (Exception e) { // Spark throws checked ones undeclared
        if (!exists(target)) {
          settle();
          throw e;
        }

        // Either another run has put the old table back, or it has published its own.
        if (!replacing || i == TRIES || exists(aside)) {
          throw publishedFirst(e);
        }
      }
    }
  }

  /** Spark's own catalog in memory leaves a renamed table's partitions where they were. */
  private void findPartitions() {
    if (!spec.partitionBy().isEmpty()) {
      try {
        spark.sql("MSCK REPAIR TABLE %s SYNC PARTITIONS".formatted(target.quoted()));
      } catch (Exception e) { // Spark throws checked ones undeclared
        LOG.debug("{} keeps its partitions itself", location(), e);
      }
    }
  }

  /** Replaces the partitions that the staged table has, by the means of the target's format. */
  private void publishPartitions() {
    String before = spark.conf().get(OVERWRITE_MODE);
    spark.conf().set(OVERWRITE_MODE, "dynamic");
    try {
      Dataset<Row> rows = staged();
      Column[] columns =
          Arrays.stream(spark.table(target.quoted()).columns())
              .map(name -> rows.col(quoted(name)))
              .toArray(Column[]::new);
      rows.select(columns).write().mode("overwrite").insertInto(target.quoted());
    } finally {
      spark.conf().set(OVERWRITE_MODE, before);
    }

    spark.sql(
        "ALTER TABLE %s SET TBLPROPERTIES ('%s' = '%s')"
            .formatted(target.quoted(), IDENTITY_PROPERTY, publisher.identity()));
  }

  /** To replace the partitions of a table without any would be to replace it whole. */
  private void checkPartitions() {
    if (spec.ifExists() != IfExists.REPLACE_PARTITIONS) {
      return;
    }

    List<String> found = new ArrayList<>();
    try {
      for (org.apache.spark.sql.catalog.Column column :
          spark.catalog().listColumns(target.quoted()).collectAsList()) {
        if (column.isPartition()) {
          found.add(column.name().toLowerCase(Locale.ROOT));
        }
      }
    } catch (AnalysisException e) {
      throw publishedFirst(e);
    }

    if (!found.equals(
        spec.partitionBy().stream().map(name -> name.toLowerCase(Locale.ROOT)).toList())) {
      throw new JobException(
          LeavingStatus.CONFLICT,
          "Cannot replace partitions of %s: it is partitioned by %s (output.partition-by is %s)"
              .formatted(location(), found, spec.partitionBy()));
    }
  }

  @Override
  public void discard() {
    try {
      drop(staged);
      drop(copy);
    } catch (Exception e) { // Spark throws checked ones undeclared
      // Must not hide the failure that led here.
      LOG.warn("Cannot remove the staged table {}: {}", staged.quoted(), e.getMessage());
    }
  }

  /** Puts back what an interrupted replacement has set aside, and drops what is obsolete. */
  private void settle() {
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
      if (!exists(target)) {
        throw e;
      }
    }
  }

  /** Drops what this and earlier attempts at the same job have staged. */
  private void removeStaged() {
    siblings(stagedSuffix()).forEach(this::drop);
  }

  /** Tables beside the target whose names go on like this, the newest first. */
  private List<TableName> siblings(String suffix) {
    String prefix = (target.last().parts().get(0) + suffix).toLowerCase(Locale.ROOT);
    String namespace = target.namespace().map(name -> "IN " + name.quoted() + " ").orElse("");
    return spark
        .sql("SHOW TABLES %sLIKE '*__sparknorm_*'".formatted(namespace))
        .collectAsList()
        .stream()
        .map(row -> row.<String>getAs("tableName"))
        .filter(name -> name.toLowerCase(Locale.ROOT).startsWith(prefix))
        .sorted(Comparator.reverseOrder())
        .map(target::beside)
        .toList();
  }

  private String stagedSuffix() {
    return "__sparknorm_staged_%s_".formatted(publisher.configuration());
  }

  /** Named by the time, so that the last replacement is known. */
  private String replacedSuffix() {
    return "%s%013d_%s".formatted(REPLACED, System.currentTimeMillis(), publisher.attempt());
  }

  private Optional<String> publishedIdentity() {
    return spark.sql("SHOW TBLPROPERTIES " + target.quoted()).collectAsList().stream()
        .filter(property -> property.getString(0).equals(IDENTITY_PROPERTY))
        .map(property -> property.getString(1))
        .findFirst();
  }

  private JobException publishedFirst(Exception cause) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: table %s was written while this run was under way (another run"
                .formatted(location())
            + " published first)",
        cause);
  }

  private boolean exists(TableName table) {
    return spark.catalog().tableExists(table.quoted());
  }

  private void drop(TableName table) {
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
}
