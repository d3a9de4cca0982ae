package io.sparknorm.spark;

import org.apache.hadoop.fs.Path;

/** Paths whose names may have a colon, which Hadoop takes for the end of a scheme. */
public final class PathBelow {
  private PathBelow() {}

  /** What a folder has by this name, or by these, with slashes in between. */
  public static Path of(Path folder, String names) {
    return new Path(folder, new Path(null, null, names));
  }
}
