package io.sparknorm.spark;

import org.apache.hadoop.fs.Path;

/** What is below a folder; names may have a colon, which Hadoop takes for the end of a scheme. */
public final class PathBelow {
  private PathBelow() {}

  /** What a folder has by this name, or by these, with slashes in between. */
  public static Path of(Path folder, String names) {
    return new Path(folder, new Path(null, null, names));
  }

  /** Whether a path is a folder's own, or below it. */
  public static boolean isWithin(Path path, Path folder) {
    return path.equals(folder) || (path.getParent() != null && isWithin(path.getParent(), folder));
  }
}
