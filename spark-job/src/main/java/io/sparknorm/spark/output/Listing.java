package io.sparknorm.spark.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.hadoop.security.AccessControlException;

/** What is in folders that others move away and remove. */
final class Listing {
  private Listing() {}

  /** The entries of a folder that a filter lets through; none where there is no folder. */
  static List<FileStatus> of(FileSystem fileSystem, Path folder, PathFilter filter)
      throws IOException {
    try {
      return List.of(list(fileSystem, folder, filter));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** Hadoop says that a local folder may not be read if it goes while it is listed. */
  private static FileStatus[] list(FileSystem fileSystem, Path folder, PathFilter filter)
      throws IOException {
    try {
      return fileSystem.listStatus(folder, filter);
    } catch (AccessDeniedException | AccessControlException e) {
      return fileSystem.listStatus(folder, filter);
    }
  }
}
