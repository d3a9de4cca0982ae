package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.Listing;
import io.sparknorm.spark.Visibility;
import io.sparknorm.spark.config.OutputSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils;

/** How Spark lays out a partitioned output: a folder per value of a column, column in column. */
record PartitionFolders(FileSystem fileSystem, OutputSpec spec) {
  /**
   * The partitions that have files.
   *
   * @param root the folder that holds them
   * @throws JobException with status CONFLICT if readers see anything else there: it would be
   *     neither read nor replaced as it should be
   */
  List<Path> within(Path root) throws IOException {
    List<Path> partitions = new ArrayList<>();
    collect(root, spec.partitionBy(), partitions);
    return partitions;
  }

  private void collect(Path folder, List<String> columns, List<Path> partitions)
      throws IOException {
    List<FileStatus> entries =
        Listing.of(fileSystem, folder, path -> Visibility.isVisible(path.getName()));
    for (FileStatus entry : entries) {
      if (columns.isEmpty() ? entry.isDirectory() : !isPartition(entry, columns.get(0))) {
        throw new JobException(
            LeavingStatus.CONFLICT,
            "Cannot replace partitions of %s: %s is no partition by %s"
                .formatted(
                    spec.location(),
                    entry.getPath().toUri().getPath(),
                    String.join(", ", spec.partitionBy())));
      }

      if (!columns.isEmpty()) {
        collect(entry.getPath(), columns.subList(1, columns.size()), partitions);
      }
    }

    if (columns.isEmpty() && !entries.isEmpty()) {
      partitions.add(folder);
    }
  }

  private static boolean isPartition(FileStatus entry, String column) {
    return entry.isDirectory()
        && entry.getPath().getName().startsWith(ExternalCatalogUtils.escapePathName(column) + "=");
  }
}
