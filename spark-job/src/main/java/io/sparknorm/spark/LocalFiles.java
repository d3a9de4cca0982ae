package io.sparknorm.spark;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Local files, which java.nio reaches as Hadoop does. Hadoop looks and then acts where java.nio
 * does both at once, and looks for checksum files, whose names it cannot spell if they have a
 * colon.
 */
public final class LocalFiles {
  private LocalFiles() {}

  /** Whether a qualified path, or a file system, is local. */
  public static boolean hold(URI location) {
    return "file".equals(location.getScheme());
  }

  /**
   * What java.nio knows a local path by.
   *
   * @throws InvalidPathException if the locale that Java was started in has no such letters
   */
  public static java.nio.file.Path path(FileSystem fileSystem, Path path) {
    // By way of a URI, java.nio takes no letters but ASCII's.
    return new File(fileSystem.makeQualified(path).toUri().getPath()).toPath();
  }

  /**
   * What a path is known by: first as it is written, and if it is local without links, as far as
   * there is something and it can be reached.
   */
  public static List<Path> spellings(Path path, Configuration hadoop) {
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      Path written = fileSystem.makeQualified(path);
      if (!hold(fileSystem.getUri())) {
        return List.of(written);
      }

      Path real = new Path(null, null, real(path(fileSystem, path)).toString());
      return List.of(written, fileSystem.makeQualified(real));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether a path is a folder's own or below it, by any of their spellings. */
  public static boolean isWithin(Path path, List<Path> folder, Configuration hadoop) {
    return spellings(path, hadoop).stream()
        .anyMatch(spelt -> folder.stream().anyMatch(of -> PathBelow.isWithin(spelt, of)));
  }

  /** Whether a qualified path is a local symbolic link. */
  public static boolean isLink(Path path) {
    return hold(path.toUri()) && Files.isSymbolicLink(new File(path.toUri().getPath()).toPath());
  }

  private static java.nio.file.Path real(java.nio.file.Path path) {
    try {
      return path.toRealPath();
    } catch (NoSuchFileException e) {
      return real(path.getParent()).resolve(path.getFileName());
    } catch (IOException e) {
      return path;
    }
  }

  /** Deletes a file, or a folder that is empty, of any file system; nothing if there is none. */
  public static void deleteIfExists(FileSystem fileSystem, Path path) throws IOException {
    if (hold(fileSystem.getUri())) {
      Files.deleteIfExists(path(fileSystem, path));
    } else {
      fileSystem.delete(path, false);
    }
  }

  /** Whether their names may have any letter, by the locale that Java was started in. */
  public static boolean haveAllLetters() {
    return "UTF-8".equals(System.getProperty("sun.jnu.encoding"));
  }
}
