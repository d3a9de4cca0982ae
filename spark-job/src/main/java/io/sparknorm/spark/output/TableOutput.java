package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.TableName;
import io.sparknorm.spark.models.InputIdentity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
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
 * A table of any catalog that renames tables. Staged as a table beside it, and renamed into place,
 * or written into its partitions; a table property bears the identity of the run that published it.
 */
final class TableOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(TableOutput.class);
  private static final String IDENTITY_PROPERTY = "sparknorm.run-identity";
  private static final String REPLACED = "__sparknorm_replaced_";
  private static final int TRIES = 20;
  private static final String OVERWRITE_MODE = "spark.sql.sources.partitionOverwriteMode";

  private final SparkSession spark;
  private final OutputSpec spec;
  private final Publisher publisher;
  private final TableName target;
  private final TableName staged;

  TableOutput(SparkSession spark, OutputSpec spec, Publisher publisher) {
    this.spark = spark;
    this.spec = spec;
    this.publisher = publisher;
    this.target = TableName.parse(spec.table().orElseThrow());
    this.staged = target.sibling(stagedSuffix() + publisher.attempt());
  }

  @Override
  public String location() {
    return spec.location();
  }

  @Override
  public boolean holds(InputSpec input, InputIdentity identity) {
    return input.table().map(TableName::parse).filter(this::isTarget).isPresent();
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
    DataFrameWriterV2<Row> writer = rows.writeTo(staged.quoted()).options(spec.options());
    CreateTableWriter<Row> creator =
        spec.format().isPresent() ? writer.using(spec.format().get()) : writer;
    creator.tableProperty(IDENTITY_PROPERTY, publisher.identity());
    if (!spec.partitionBy().isEmpty()) {
      List<Column> columns =
          spec.partitionBy().stream().map(name -> functions.col(quoted(name))).toList();
      creator =
          creator.partitionedBy(
              columns.get(0),
              // The one form that both lines of Spark have.
              JavaConverters.asScalaBufferConverter(columns.subList(1, columns.size()))
                  .asScala()
                  .toSeq());
    }

    try {
      creator.create();
    } catch (TableAlreadyExistsException e) {
      throw publishedFirst(e);
    }
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
    if (spec.ifExists() == IfExists.REPLACE_PARTITIONS && exists(target)) {
      publishPartitions();
    } else {
      publishWhole();
    }

    settle();
    removeStaged();
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
        "Cannot publish output: table %s appeared while this run was under way (another run"
                .formatted(location())
            + " published first)",
        cause);
  }

  private boolean exists(TableName table) {
    return spark.catalog().tableExists(table.quoted());
  }

  private void drop(TableName table) {
    spark.sql("DROP TABLE IF EXISTS " + table.quoted());
  }

  private void rename(TableName from, TableName to) {
    spark.sql("ALTER TABLE %s RENAME TO %s".formatted(from.quoted(), to.last().quoted()));
  }
}
