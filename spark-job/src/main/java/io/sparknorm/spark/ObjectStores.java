package io.sparknorm.spark;

import java.net.URI;
import java.util.Set;

/**
 * Which file systems are object stores: an object appears there at once and whole when its stream
 * is closed, and no folder can be renamed atomically. Azure's {@code abfs} is none of them: its
 * files grow in readers' sight, and it renames where the account has a hierarchical namespace. Its
 * older {@code wasb}, which shows a file empty until that is whole, is taken for one where small
 * files are written; no output is.
 */
public final class ObjectStores {
  private static final Set<String> SCHEMES =
      Set.of("s3a", "s3", "s3n", "gs", "wasb", "wasbs", "oss", "cosn", "obs");

  private ObjectStores() {}

  /** Whether a qualified path, or a file system, is on an object store. */
  public static boolean hold(URI location) {
    return SCHEMES.contains(location.getScheme());
  }
}
