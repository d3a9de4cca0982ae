package io.sparknorm.spark.output;

import io.sparknorm.spark.CatalogLookup;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SnapshotFormat;
import io.sparknorm.spark.SystemFailure;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.TableName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/**
 * A table of any catalog. Staged as a table beside it, and renamed into place, or committed to it
 * where the format replaces a table in one commit, or written into its partitions. The commit bears
 * the identity of the run that published it, or else a property of the table does.
 */
final class TableOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(TableOutput.class);
  private static final String IDENTITY_PROPERTY = "sparknorm.run-identity";

  /** Stands in place of an identity, and is none. */
  private static final String UNFINISHED = "unfinished ";

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
  private final TableReplacement replacement;
  private final TableLeftovers leftovers;

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
    this.replacement = new TableReplacement(spark, target, spec, publisher.attempt());
    this.leftovers = new TableLeftovers(spark, target, replacement);
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
        || (!files.isEmpty() && hasOneOf(files));
  }

  /** A view may read the target, and a path may be that of its folder. */
  private boolean hasOneOf(Set<String> files) {
    return replacement.files().stream()
        .flatMap(List::stream)
        .map(Path::toString)
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
    String current = spark.catalog().currentDatabase();
    return table.namespace().isPresent() || current.isEmpty()
        ? table.quoted()
        : TableName.parse(current).quoted() + "." + table.quoted();
  }

  @Override
  public Existing existing() {
    replacement.settle();
    if (!replacement.exists(target)) {
      return Existing.NOTHING;
    }

    if (!isPublished()) {
      checkPartitions();
      checkIsReplaceable();
      return Existing.OTHER;
    }

    removeStaged();
    return Existing.SAME_RUN;
  }

  /**
   * The table is there before its rows are: what a run that is killed meanwhile leaves is a table
   * with all its files, for the next run to drop, and not a folder that somebody may yet make one.
   */
  @Override
  public void stage(Dataset<Row> rows) {
    Dataset<Row> none = spark.createDataFrame(List.of(), rows.schema());
    create(none, staged, format().map(format -> format.equals(DELTA) ? "parquet" : format));
    try {
      insert(rows, staged, "append");
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (AfterFailure.isSo(e, () -> !replacement.exists(staged))) {
        throw replacement.publishedFirst(e);
      }

      throw e;
    }

    checkIsStaged(); // Spark need not notice that the table has gone
  }

  /** The format of the table to publish; empty for what the catalog makes by itself. */
  private Optional<String> format() {
    return spec.format().map(format -> format.toLowerCase(Locale.ROOT)).or(() -> key(target));
  }

  private Optional<String> key(TableName table) {
    return snapshots(table).map(SnapshotFormat::key);
  }

  /** Some catalogs remember the tables that they have met, whatever others commit to them. */
  private Optional<SnapshotFormat> snapshots(TableName table) {
    Optional<SnapshotFormat> format =
        replacement.exists(table) ? SnapshotFormat.of(spark, table.quoted()) : Optional.empty();
    return format.filter(
        keeps ->
            CatalogLookup.find(() -> spark.sql("REFRESH TABLE " + table.quoted())).isPresent());
  }

  private void create(Dataset<Row> rows, TableName table, Optional<String> format) {
    try {
      writer(rows, table, format).create();
    } catch (TableAlreadyExistsException e) {
      throw replacement.publishedFirst(e);
    }
  }

  private CreateTableWriter<Row> writer(
      Dataset<Row> rows, TableName table, Optional<String> format) {
    Optional<SnapshotFormat> commits = format.flatMap(SnapshotFormat::named);
    DataFrameWriterV2<Row> writer =
        rows.writeTo(table.quoted()).options(spec.options()).options(runOptions(commits));
    CreateTableWriter<Row> creator = format.isPresent() ? writer.using(format.get()) : writer;
    if (commits.isEmpty()) {
      creator = creator.tableProperty(IDENTITY_PROPERTY, publisher.identity());
    }

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

  private Map<String, String> runOptions(Optional<SnapshotFormat> format) {
    return format.map(commits -> commits.runOptions(publisher.identity())).orElse(Map.of());
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  @Override
  public Dataset<Row> staged() {
    return spark.table(staged.quoted());
  }

  /** Who publishes drops what others have staged. */
  @Override
  public void checkIsStaged() {
    if (!replacement.exists(staged)) {
      throw replacement.publishedFirst(null);
    }
  }

  @Override
  public void publish() {
    try {
      publishStaged();
    } catch (Exception e) { // Spark throws checked ones undeclared
      if (!AfterFailure.isSo(e, this::isPublished)) {
        if (CatalogLookup.isNotFound(e)) {
          throw replacement.publishedFirst(e);
        }

        throw e;
      }

      // The answer was lost, or came late, or another attempt at this run was first.
      LOG.warn("{} is published all the same: {}", location(), e.getMessage());
    }

    replacement.settle();
    removeStaged();
  }

  private void publishStaged() {
    Optional<String> format = format().or(() -> key(staged));
    if (spec.ifExists() == IfExists.REPLACE_PARTITIONS && replacement.exists(target)) {
      if (snapshots(target).isPresent()) {
        commit(this::overwritePartitions);
      } else {
        publishPartitions();
      }
    } else if (format.flatMap(SnapshotFormat::named).isPresent()) {
      publishByCommit(format);
    } else {
      publishWhole();
    }
  }

  /** Copies what was staged in one commit: readers see the old table up to it, then the new one. */
  private void publishByCommit(Optional<String> format) {
    if (spec.ifExists() == IfExists.REPLACE && replacement.exists(target)) {
      commit(() -> writer(staged(), target, format).createOrReplace());
    } else if (format.filter(DELTA::equals).isPresent()) {
      writer(staged(), copy, format).createOrReplace();
      replacement.moveIn(copy);
    } else {
      commit(() -> create(staged(), target, format));
    }
  }

  private void commit(Runnable write) {
    Optional<String> before = version();
    try {
      write.run();
    } catch (Exception e) { // each format has its own, some undeclared, for a commit too late
      if (AfterFailure.isSo(e, () -> isBeaten(e, before))) {
        throw replacement.publishedFirst(e);
      }

      throw e;
    }
  }

  /**
   * Whether a write failed since somebody else has written. A disk may be full while others only
   * tidy the table up; but files are missed, too, where a rival has dropped the table of them.
   */
  private boolean isBeaten(Exception failure, Optional<String> before) {
    return !version().equals(before)
        && (!SystemFailure.isIn(failure) || !replacement.exists(staged));
  }

  private Optional<String> version() {
    return snapshots(target).flatMap(format -> format.latestVersion(spark, target.quoted()));
  }

  private void publishWhole() {
    if (spec.ifExists() == IfExists.REPLACE) {
      replacement.replace(staged);
    } else {
      replacement.moveIn(staged);
    }

    findPartitions();
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

  /**
   * Replaces the partitions that the staged table has where there are no commits: Spark deletes and
   * renames each, which a run that is killed in between leaves undone.
   *
   * <p>The table bears no run's identity meanwhile, so that the run is done again, and so is one
   * whose partitions it has replaced. It bears none afterwards where another run writes too.
   */
  private void publishPartitions() {
    String mark = UNFINISHED + publisher.attempt();
    setIdentity(mark);
    overwritePartitions();
    boolean isAlone = identity().filter(mark::equals).isPresent();
    setIdentity(isAlone ? publisher.identity() : UNFINISHED);
    leftovers.removeWithin();
  }

  private void overwritePartitions() {
    String before = spark.conf().get(OVERWRITE_MODE);
    spark.conf().set(OVERWRITE_MODE, "dynamic");
    try {
      insert(staged(), target, "overwrite");
    } finally {
      spark.conf().set(OVERWRITE_MODE, before);
    }
  }

  private void setIdentity(String identity) {
    spark.sql(
        "ALTER TABLE %s SET TBLPROPERTIES ('%s' = '%s')"
            .formatted(target.quoted(), IDENTITY_PROPERTY, identity));
  }

  /** Writes rows with their columns in the order of the table's, whose partitions come last. */
  private void insert(Dataset<Row> rows, TableName table, String mode) {
    Column[] columns =
        Arrays.stream(spark.table(table.quoted()).columns())
            .map(name -> rows.col(quoted(name)))
            .toArray(Column[]::new);
    DataFrameWriter<Row> writer = rows.select(columns).write().options(spec.options()).mode(mode);
    Optional<SnapshotFormat> format = snapshots(table);
    if (format.isPresent()) {
      writer.format(format.get().key()).options(runOptions(format)); // unnamed, it gets no options
    }

    writer.insertInto(table.quoted());
  }

  /** To replace the partitions of a table without any would be to replace it whole. */
  private void checkPartitions() {
    if (spec.ifExists() != IfExists.REPLACE_PARTITIONS) {
      return;
    }

    List<String> found =
        CatalogLookup.find(() -> spark.catalog().listColumns(target.quoted()).collectAsList())
            .orElseThrow(() -> replacement.publishedFirst(null))
            .stream()
            .filter(column -> column.isPartition())
            .map(column -> column.name().toLowerCase(Locale.ROOT))
            .toList();
    if (!found.equals(
        spec.partitionBy().stream().map(name -> name.toLowerCase(Locale.ROOT)).toList())) {
      throw new JobException(
          LeavingStatus.CONFLICT,
          "Cannot replace partitions of %s: it is partitioned by %s (output.partition-by is %s)"
              .formatted(location(), found, spec.partitionBy()));
    }
  }

  @Override
  public boolean isReplaceable() {
    return snapshots(target).isPresent() || !replacement.leavesFiles();
  }

  /** The table that is to take its place would stand elsewhere, and the old files stay. */
  private void checkIsReplaceable() {
    if (spec.ifExists() == IfExists.REPLACE && !isReplaceable()) {
      throw new JobException(
          LeavingStatus.CONFLICT,
          "Cannot replace table %s: it is external, and its files would stay (drop the table, or write"
                  .formatted(location())
              + " to its folder with output.path)");
    }
  }

  @Override
  public void discard() {
    try {
      replacement.drop(staged);
      replacement.drop(copy);
    } catch (Exception e) { // Spark throws checked ones undeclared
      // Must not hide the failure that led here.
      LOG.warn("Cannot remove the staged table {}: {}", staged.quoted(), e.getMessage());
    }
  }

  /** Drops what this and earlier attempts at the same job have staged. */
  private void removeStaged() {
    replacement.siblings(stagedSuffix()).forEach(replacement::drop);
    leftovers.removeBeside(stagedSuffix());
  }

  private String stagedSuffix() {
    return "__sparknorm_staged_%s_".formatted(publisher.configuration());
  }

  private boolean isPublished() {
    return replacement.exists(target)
        && snapshots(target)
            .map(
                format ->
                    format.isLastWrittenBy(spark, withNamespace(target), publisher.identity()))
            .orElseGet(() -> identity().filter(publisher.identity()::equals).isPresent());
  }

  private Optional<String> identity() {
    return replacement.property(IDENTITY_PROPERTY);
  }
}
