package io.sparknorm.spark.fit;

import static org.apache.spark.sql.functions.lit;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.PartitionSpec;
import io.sparknorm.spark.config.PartitionSpec.Unit;
import io.sparknorm.spark.config.PartitionSpec.Window;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;
import org.apache.spark.sql.catalyst.expressions.CurrentDate;
import org.apache.spark.sql.catalyst.expressions.CurrentTimestampLike;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.LocalTimestamp;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;

/**
 * The partitions of an input, found by its files' folders, such as {@code day=2026-11-23}.
 *
 * @param column the partition column
 * @param digests what identifies the files of each partition in the window, by its value, the
 *     oldest first
 * @param identity of all these files together
 */
public record Partitions(StructField column, Map<String, String> digests, InputIdentity identity) {
  /** What Spark and Hive write in place of null and of an empty text. */
  private static final String NULL = "__HIVE_DEFAULT_PARTITION__";

  /** Texts that Spark reads as the time of a query, some of them while it parses. */
  private static final Pattern PASSING =
      Pattern.compile("['\"]\\s*(now|today|tomorrow|yesterday)\\b", Pattern.CASE_INSENSITIVE);

  private static final LocalDate NO_DATE = LocalDate.MIN;

  /**
   * Finds the partitions to fit on.
   *
   * @param input the identity of all its files
   * @param where the condition that chooses the records to fit on
   * @throws JobException if the input has no files in folders of the column, its values have no
   *     order, or the condition does not choose the same records each time
   */
  static Partitions find(
      Dataset<Row> rows, InputIdentity input, PartitionSpec spec, Optional<String> where) {
    where.ifPresent(condition -> checkIsLasting(condition, rows.where(condition), spec));
    StructField column = FeatureBlock.field(spec.column(), rows.schema());
    if (input.kind() != InputIdentity.Kind.FILES
        || !isPartitionColumn(column.name(), rows.queryExecution().analyzed())) {
      throw refused(
          spec,
          "the input's files are not in folders of its values, such as %s=.. (a view, and a Delta"
                  .formatted(column.name())
              + " Lake or Iceberg table, has no such folders)");
    }

    List<Map.Entry<String, List<InputFile>>> all =
        List.copyOf(files(input, column, spec).entrySet());
    List<String> values = all.stream().map(Map.Entry::getKey).toList();
    int first = spec.window().map(window -> first(values, window, spec)).orElse(0);
    Map<String, String> digests = new LinkedHashMap<>();
    List<InputFile> fitted = new ArrayList<>();
    for (Map.Entry<String, List<InputFile>> partition : all.subList(first, all.size())) {
      digests.put(partition.getKey(), InputFiles.digest(partition.getValue()));
      fitted.addAll(partition.getValue());
    }

    fitted.sort(Comparator.comparing(InputFile::path));
    return new Partitions(column, digests, InputFiles.identity(input.location(), fitted));
  }

  /** The state of a partition is that of the records which a condition has once chosen. */
  private static void checkIsLasting(String where, Dataset<Row> chosen, PartitionSpec spec) {
    if (PASSING.matcher(where).find()
        || chosen.queryExecution().analyzed().exists(Partitions::mayChoose)) {
      throw refused(spec, "input.where may choose other records each time");
    }
  }

  /** Whether this chooses records, and may choose others each time. */
  private static boolean mayChoose(LogicalPlan plan) {
    return plan instanceof Filter filter
        && (!filter.deterministic() || filter.condition().exists(Partitions::mayChange));
  }

  /** Whether this asks for the time or for other tables. */
  private static boolean mayChange(Expression expression) {
    return expression instanceof CurrentDate
        || expression instanceof CurrentTimestampLike
        || expression instanceof LocalTimestamp
        || expression.prettyName().equals("current_time") // Spark 3.5 has no class for it
        || expression instanceof SubqueryExpression;
  }

  /**
   * Whether Spark takes the column's values from folders: those of a column of that name within the
   * files need not be the folders'.
   */
  private static boolean isPartitionColumn(String column, LogicalPlan plan) {
    if (plan instanceof LogicalRelation relation) {
      return relation.relation() instanceof HadoopFsRelation files
          && files.partitionSchema().getFieldIndex(column).isDefined();
    }

    return plan.children().size() == 1 && isPartitionColumn(column, plan.children().apply(0));
  }

  /** The files of each partition, the oldest first. */
  private static SortedMap<String, List<InputFile>> files(
      InputIdentity input, StructField column, PartitionSpec spec) {
    String name = ExternalCatalogUtils.escapePathName(column.name());
    Pattern folder = Pattern.compile(".*/" + Pattern.quote(name) + "=([^/]+)/.*");
    SortedMap<String, List<InputFile>> files = new TreeMap<>(comparator(column.dataType(), spec));
    for (InputFile file : input.files()) {
      Matcher matcher = folder.matcher(file.path());
      if (!matcher.matches()) {
        throw refused(spec, "%s is in no folder %s=..".formatted(file.path(), name));
      }

      String value = ExternalCatalogUtils.unescapePathName(matcher.group(1));
      files.computeIfAbsent(value, unused -> new ArrayList<>()).add(file);
    }

    return files;
  }

  /** The records of one partition. */
  public Dataset<Row> rows(Dataset<Row> rows, String value) {
    Column found = FeatureBlock.column(rows, column.name());
    return rows.where(
        value.equals(NULL) ? found.isNull() : found.equalTo(lit(value).cast(column.dataType())));
  }

  /** Where the window begins. */
  private static int first(List<String> values, Window window, PartitionSpec spec) {
    if (window.unit() == Unit.PARTITIONS) {
      return Math.max(0, values.size() - window.size());
    }

    List<LocalDate> dates = values.stream().map(value -> date(value, spec)).toList();
    LocalDate newest = dates.get(dates.size() - 1);
    return newest.equals(NO_DATE)
        ? dates.size()
        : (int)
            dates.stream().filter(d -> d.isBefore(newest.minusDays(window.size() - 1L))).count();
  }

  private static LocalDate date(String value, PartitionSpec spec) {
    try {
      return value.equals(NULL) ? NO_DATE : LocalDate.parse(value);
    } catch (DateTimeParseException e) {
      throw refused(spec, "%s is no date such as 2026-01-31".formatted(value), e);
    }
  }

  /** Null first; dates and numbers by size, which two texts may share, and texts as they are. */
  private static Comparator<String> comparator(DataType type, PartitionSpec spec) {
    if (type instanceof IntegralType) {
      return Comparator.comparing(
          value -> value.equals(NULL) ? null : Long.valueOf(value),
          Comparator.nullsFirst(Comparator.naturalOrder()));
    }

    if (type instanceof DateType) {
      return Comparator.comparing(value -> date(value, spec));
    }

    if (type instanceof StringType) {
      return Comparator.comparing(
          value -> value.equals(NULL) ? null : value,
          Comparator.nullsFirst(Comparator.naturalOrder()));
    }

    throw refused(
        spec,
        "its type is %s (must be a date, a text or an integer)".formatted(type.simpleString()));
  }

  private static JobException refused(PartitionSpec spec, String why) {
    return refused(spec, why, null);
  }

  private static JobException refused(PartitionSpec spec, String why, Throwable cause) {
    return new JobException(
        LeavingStatus.DATA,
        "Cannot fit by partitions of column %s: %s".formatted(spec.column(), why),
        cause);
  }
}
