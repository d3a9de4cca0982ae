package io.sparknorm.spark.fit;

import static io.sparknorm.spark.fit.ScannedRecords.asJava;

import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.datasources.CatalogFileIndex;
import org.apache.spark.sql.execution.datasources.FileIndex;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.InMemoryFileIndex;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.PartitioningAwareFileIndex;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2ScanRelation;
import org.apache.spark.sql.execution.datasources.v2.FileScan;
import scala.collection.Iterator;
import scala.collection.immutable.List$;

/**
 * A dataset's files as Spark has listed them for its plan: each pass reads a file to the length
 * that it had then, and no further.
 */
final class PlannedFiles {
  private PlannedFiles() {}

  /** One for each place that files are read from. */
  static List<FileIndex> indexes(Dataset<Row> rows) {
    return asJava(rows.queryExecution().optimizedPlan().collectLeaves()).stream()
        .flatMap(leaf -> index(leaf).stream())
        .toList();
  }

  /** The path of a file that is not as Spark has listed it, if there is one. */
  static Optional<String> changed(List<FileIndex> indexes, InputIdentity now) {
    Map<String, InputFile> files = new HashMap<>();
    now.files().forEach(file -> files.put(file.path(), file));
    return indexes.stream().flatMap(index -> changed(index, files).stream()).findFirst();
  }

  /** The files and folders that Spark has looked for files in. */
  static List<Path> roots(List<FileIndex> indexes) {
    return indexes.stream()
        .filter(InMemoryFileIndex.class::isInstance) // others have a log of their files
        .flatMap(index -> asJava(index.rootPaths()).stream())
        .toList();
  }

  private static Optional<FileIndex> index(LogicalPlan leaf) {
    if (leaf instanceof LogicalRelation relation
        && relation.relation() instanceof HadoopFsRelation files) {
      return Optional.of(
          files.location() instanceof CatalogFileIndex catalog
              ? catalog.filterPartitions(List$.MODULE$.empty())
              : files.location());
    }

    return leaf instanceof DataSourceV2ScanRelation relation
            && relation.scan() instanceof FileScan files
        ? Optional.of(files.fileIndex())
        : Optional.empty();
  }

  private static Optional<String> changed(FileIndex index, Map<String, InputFile> now) {
    if (index instanceof PartitioningAwareFileIndex listing) {
      Iterator<FileStatus> files = listing.allFiles().iterator();
      while (files.hasNext()) {
        FileStatus listed = files.next();
        String path = listed.getPath().toString();
        if (!now.containsKey(path) || !isTheSame(listed, now.get(path))) {
          return Optional.of(path);
        }
      }
    }

    return Optional.empty();
  }

  /** Asked for one file, some stores tell the time in seconds, and in a list in milliseconds. */
  private static boolean isTheSame(FileStatus listed, InputFile now) {
    return listed.getLen() == now.length()
        && listed.getModificationTime() / 1000 == now.modified() / 1000;
  }
}
