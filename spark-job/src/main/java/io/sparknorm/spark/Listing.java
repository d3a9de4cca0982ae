package io.sparknorm.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;

/** What is in folders that others move away and remove. */
public final class Listing {
  private Listing() {}

  /** All entries of a folder; none where there is no folder. */
  public static List<FileStatus> of(FileSystem fileSystem, Path folder) throws IOException {
    return of(fileSystem, folder, path -> true);
  }

  /** The entries of a folder that a filter lets through; none where there is no folder. */
  public static List<FileStatus> of(FileSystem fileSystem, Path folder, PathFilter filter)
      throws IOException {
    try {
      return List.of(list(fileSystem, folder, filter));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** Hadoop says that a local folder may not or cannot be read if it goes while it is listed. */
  private static FileStatus[] list(FileSystem fileSystem, Path folder, PathFilter filter)
      throws IOException {
    try {
      return fileSystem.listStatus(folder, filter);
    } catch (FileNotFoundException e) {
      throw e;
    } catch (IOException e) {
      if (!LocalFiles.hold(fileSystem.getUri())) {
        throw e;
      }

      return fileSystem.listStatus(folder, filter);
    }
  }
}
