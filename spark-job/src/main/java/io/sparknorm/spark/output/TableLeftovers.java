package io.sparknorm.spark.output;

import io.sparknorm.spark.config.TableName;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes what killed runs have left in the folders of a catalog, and what it does not know of. */
final class TableLeftovers {
  private static final Logger LOG = LoggerFactory.getLogger(TableLeftovers.class);

  /** The folder within a table's where Spark writes partitions that are to replace others. */
  private static final String STAGING = ".spark-staging-";

  /** Anybody may be writing to such a folder, but nobody does so for longer than this. */
  private static final Duration LONGEST_RUN = Duration.ofDays(7);

  private final SparkSession spark;
  private final TableName target;
  private final TableReplacement replacement;

  TableLeftovers(SparkSession spark, TableName target, TableReplacement replacement) {
    this.spark = spark;
    this.target = target;
    this.replacement = replacement;
  }

  private interface Removal {
    void run() throws AnalysisException, IOException;
  }

  /**
   * Removes folders of tables that were about to be made, whose names go on like this. Some
   * catalogs leave the files of a table that is renamed where they are: as long as the target is
   * set aside, nothing is removed.
   */
  void removeBeside(String suffix) {
    remove(
        () -> {
          String home = path(spark.catalog().getDatabase(namespace()).locationUri());
          for (FileStatus leftover :
              list(home, path -> replacement.isSibling(path.getName(), suffix))) {
            boolean isTable = replacement.exists(target.beside(leftover.getPath().getName()));
            if (!isTable && !mayHoldTarget(leftover.getPath())) {
              delete(leftover);
            }
          }
        });
  }

  /** Spark's own catalog gives a URI, in which a space is %20; others a path as it is. */
  private static String path(String location) {
    try {
      return new Path(URI.create(location)).toString();
    } catch (IllegalArgumentException e) {
      return location;
    }
  }

  private boolean mayHoldTarget(Path folder) {
    Optional<List<Path>> files = replacement.files();
    Stream<Path> places = Stream.ofNullable(location()).map(Path::new);
    return files.isEmpty()
        || Stream.concat(places, files.get().stream())
            .map(place -> place.toUri().getPath() + "/")
            .anyMatch(place -> place.startsWith(folder.toUri().getPath() + "/"));
  }

  /** Removes what was to replace partitions of the table. */
  void removeWithin() {
    remove(
        () -> {
          long old = System.currentTimeMillis() - LONGEST_RUN.toMillis();
          for (FileStatus leftover : list(location(), path -> path.getName().startsWith(STAGING))) {
            if (leftover.getModificationTime() < old) {
              delete(leftover);
            }
          }
        });
  }

  /** The last of such rows: a column may have that name too. */
  private String location() {
    return spark.sql("DESCRIBE TABLE EXTENDED " + target.quoted()).collectAsList().stream()
        .filter(row -> row.getString(0).equals("Location"))
        .map(row -> row.getString(1))
        .reduce((first, last) -> last)
        .orElse(null);
  }

  private void remove(Removal removal) {
    try {
      removal.run();
    } catch (Exception e) { // catalogs throw their own where a namespace is no folder
      LOG.debug("Cannot look for what is left of {}", target.quoted(), e);
    }
  }

  private FileStatus[] list(String folder, PathFilter filter) throws IOException {
    return folder == null
        ? new FileStatus[0]
        : fileSystem(new Path(folder)).listStatus(new Path(folder), filter);
  }

  private void delete(FileStatus leftover) throws IOException {
    fileSystem(leftover.getPath()).delete(leftover.getPath(), true);
  }

  private FileSystem fileSystem(Path path) throws IOException {
    return path.getFileSystem(spark.sparkContext().hadoopConfiguration());
  }

  private String namespace() {
    return target
        .namespace()
        .orElseGet(() -> TableName.parse(spark.catalog().currentDatabase()))
        .quoted();
  }
}
