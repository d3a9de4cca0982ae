package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.TableName;
import io.sparknorm.spark.models.InputIdentity;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A table of any catalog that renames tables. Staged as a table beside it and renamed into place; a
 * table property bears the identity of the run that published it.
 */
final class TableOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(TableOutput.class);
  private static final String IDENTITY_PROPERTY = "sparknorm.run-identity";

  private final SparkSession spark;
  private final OutputSpec spec;
  private final String runIdentity;
  private final TableName target;
  private final TableName staged;
  private final TableName replaced;

  TableOutput(SparkSession spark, OutputSpec spec, String runIdentity) {
    this.spark = spark;
    this.spec = spec;
    this.runIdentity = runIdentity;
    this.target = TableName.parse(spec.table().orElseThrow());
    this.staged = target.sibling("__sparknorm_staged_" + runIdentity.substring(0, 16));
    this.replaced = target.sibling("__sparknorm_replaced");
  }

  @Override
  public String location() {
    return spec.location();
  }

  @Override
  public boolean holds(InputIdentity input) {
    return input.location().equalsIgnoreCase(location());
  }

  @Override
  public Existing existing() {
    restoreReplaced();
    if (!exists(target)) {
      return Existing.NOTHING;
    }

    return runIdentity.equals(publishedIdentity()) ? Existing.SAME_RUN : Existing.OTHER;
  }

  @Override
  public void stage(Dataset<Row> rows) {
    discard();
    try {
      DataFrameWriterV2<Row> writer = rows.writeTo(staged.quoted()).options(spec.options());
      CreateTableWriter<Row> creator =
          spec.format().isPresent() ? writer.using(spec.format().get()) : writer;
      creator.tableProperty(IDENTITY_PROPERTY, runIdentity).create();
    } catch (TableAlreadyExistsException e) {
      throw publishedFirst(e);
    }
  }

  @Override
  public void publish() {
    if (spec.ifExists() == IfExists.REPLACE && exists(target)) {
      drop(replaced);
      rename(target, replaced);
    }

    if (exists(target)) {
      throw publishedFirst(null);
    }

    try {
      rename(staged, target);
    } catch (Exception e) { // Spark throws checked ones undeclared
      restoreReplaced();
      throw e;
    }

    drop(replaced);
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

  /** Puts back what a replacement that did not come to its end had set aside. */
  private void restoreReplaced() {
    if (!exists(target) && exists(replaced)) {
      rename(replaced, target);
    }
  }

  private String publishedIdentity() {
    for (Row property : spark.sql("SHOW TBLPROPERTIES " + target.quoted()).collectAsList()) {
      if (property.getString(0).equals(IDENTITY_PROPERTY)) {
        return property.getString(1);
      }
    }

    return null;
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
