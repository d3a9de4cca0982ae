package io.sparknorm.spark.fit;

import static java.util.stream.Collectors.toSet;

import io.sparknorm.spark.CatalogLookup;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.config.Locations;
import io.sparknorm.spark.config.TableName;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.execution.datasources.FileIndex;
import org.apache.spark.sql.types.StructField;

/**
 * A dataset whose identity is pinned, so that both passes read the same. Of a Delta Lake or Iceberg
 * table it is the last snapshot; of files it is one list of them, whose lengths and modification
 * times a run compares before it publishes anything.
 */
public final class Input {
  private final Dataset<Row> rows;
  private final Optional<String> where;
  private final String location;
  private final boolean isView;
  private final Configuration hadoop;
  private final InputIdentity identity;
  private final Optional<Partitions> partitions;

  private Input(Dataset<Row> rows, InputSpec spec, boolean isView) {
    this.rows = rows;
    this.where = spec.where();
    this.isView = isView;
    this.location = Locations.withoutSecrets(spec.location());
    this.hadoop = rows.sparkSession().sparkContext().hadoopConfiguration();
    List<FileIndex> indexes = PlannedFiles.indexes(rows);
    if (!indexes.isEmpty()) {
      checkIsSpelt(spec, PlannedFiles.roots(indexes), hadoop);
    }

    this.identity = identify();
    PlannedFiles.changed(indexes, identity)
        .ifPresent(
            file -> {
              throw changed(file);
            });
    this.partitions = spec.partitions().map(by -> Partitions.find(rows, identity, by, where));
  }

  private Input(TableSnapshot snapshot, InputSpec spec) {
    this.rows = snapshot.rows();
    this.where = spec.where();
    this.isView = false;
    this.location = snapshot.identity().location();
    this.hadoop = rows.sparkSession().sparkContext().hadoopConfiguration();
    this.identity = snapshot.identity();
    this.partitions = spec.partitions().map(by -> Partitions.find(rows, identity, by, where));
  }

  /**
   * Pins a dataset as it is now.
   *
   * @throws JobException with status USAGE if Spark would pass over a file of it, if it is to be
   *     fitted by partitions and cannot be, or with status TRY_AGAIN if a file has changed since
   *     Spark listed it, which reads files to infer a schema meanwhile
   */
  public static Input pin(SparkSession spark, InputSpec spec) {
    if (spec.table().isPresent() && isView(spark, spec.table().get())) {
      return new Input(spark.table(spec.table().get()), spec, true);
    }

    Optional<TableSnapshot> snapshot = TableSnapshot.pin(spark, spec);
    return snapshot.isPresent()
        ? new Input(snapshot.get(), spec)
        : new Input(read(spark, spec), spec, false);
  }

  private static Dataset<Row> read(SparkSession spark, InputSpec spec) {
    if (spec.table().isPresent()) {
      return spark.table(spec.table().get());
    }

    DataFrameReader reader =
        spark
            .read()
            .options(spec.options())
            .format(spec.reader().source(spec.format().orElseThrow()));
    if (spec.path().isEmpty()) {
      return reader.load();
    }

    String path = spec.path().get();
    try {
      return reader.load(path);
    } catch (Exception e) {
      throwIfUnspelt(spec, path, spark.sparkContext().hadoopConfiguration());
      throw e;
    }
  }

  /** Spark finds nothing where there is nothing that it can spell. */
  private static void throwIfUnspelt(InputSpec spec, String path, Configuration hadoop) {
    try {
      checkIsSpelt(spec, List.of(new Path(path)), hadoop);
    } catch (JobException | InvalidPathException e) {
      throw e;
    } catch (RuntimeException e) {
      return; // of another source than files, whose paths mean something else
    }
  }

  private static void checkIsSpelt(InputSpec spec, List<Path> roots, Configuration hadoop) {
    spec.path().ifPresent(path -> UnspeltFiles.checkMatching(path, hadoop));
    UnspeltFiles.check(roots, hadoop);
  }

  /** What files a view reads does not tell what it makes of them. */
  private static boolean isView(SparkSession spark, String table) {
    String name = TableName.parse(table).quoted();
    return CatalogLookup.tableType(spark, name)
        .filter(type -> type.equals("VIEW") || type.equals("TEMPORARY"))
        .isPresent(); // files named as a table are in no catalog
  }

  public Dataset<Row> rows() {
    return rows;
  }

  public InputIdentity identity() {
    return identity;
  }

  /** The paths of its files, as far as they can be told: of an Iceberg table they cannot. */
  public Set<String> files() {
    return identity.kind() == InputIdentity.Kind.TABLE
        ? Arrays.stream(rows.inputFiles()).map(InputFiles::path).collect(toSet())
        : identity.files().stream().map(InputIdentity.InputFile::path).collect(toSet());
  }

  /** Those to fit on, if the fit keeps a state of each. */
  public Optional<Partitions> partitions() {
    return partitions;
  }

  /** The identity of what a fit takes: files outside of the window are no part of it. */
  public InputIdentity fitted() {
    return partitions.map(Partitions::identity).orElse(identity);
  }

  /**
   * The columns that a fit of blocks depends on, each with its type. Spark derives the types from a
   * table's definition or from all files and folders there are, and they decide what the same files
   * say: which values there are, what a partition's value is equal to, what a condition chooses.
   *
   * @return in alphabetical order, whatever that of the blocks
   */
  public List<String> columnsFitted(List<FeatureSpec> blocks) {
    SortedSet<String> columns = new TreeSet<>();
    for (FeatureSpec block : blocks) {
      block
          .columnsFitted()
          .forEach(name -> columns.add(described(FeatureBlock.field(name, rows.schema()))));
    }

    partitions.ifPresent(by -> columns.add(described(by.column())));
    where.ifPresent(condition -> readBy(condition).forEach(field -> columns.add(described(field))));
    return List.copyOf(columns);
  }

  /** The columns that a condition reads, which it may spell in any case. */
  private List<StructField> readBy(String condition) {
    AttributeSet read = rows.where(condition).queryExecution().analyzed().references();
    return Arrays.stream(rows.schema().fields())
        .filter(field -> read.exists(attribute -> attribute.name().equalsIgnoreCase(field.name())))
        .toList();
  }

  private static String described(StructField field) {
    return field.name() + " " + field.dataType().catalogString();
  }

  /**
   * Throws if a file has changed since the input was pinned. A snapshot never changes, and inputs
   * without files cannot be told.
   *
   * @throws JobException with status TRY_AGAIN
   */
  public void checkUnchanged() {
    if (identity.kind() == InputIdentity.Kind.TABLE) {
      return;
    }

    InputIdentity now = identify();
    if (!now.files().equals(identity.files())) {
      throw changed(missing(identity, now).orElse(location));
    }
  }

  /** As {@link #checkUnchanged}, if nothing but a fit reads the input. */
  public void checkFittedUnchanged() {
    if (partitions.isEmpty()) {
      checkUnchanged();
      return;
    }

    missing(fitted(), identify())
        .ifPresent(
            file -> {
              throw changed(file);
            });
  }

  /** A file that there was, and is no longer as it was. */
  private static Optional<String> missing(InputIdentity before, InputIdentity now) {
    Set<InputIdentity.InputFile> files = new HashSet<>(now.files());
    return before.files().stream()
        .filter(file -> !files.contains(file))
        .map(InputIdentity.InputFile::path)
        .findFirst();
  }

  private static JobException changed(String file) {
    return new JobException(
        LeavingStatus.TRY_AGAIN,
        "Cannot publish: the input changed while it was read (%s was replaced or deleted); nothing"
                .formatted(file)
            + " was published, start the run again once the input is complete");
  }

  private InputIdentity identify() {
    try {
      return InputFiles.identify(rows.inputFiles(), location, isView, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
