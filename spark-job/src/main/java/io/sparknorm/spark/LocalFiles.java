package io.sparknorm.spark;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.Set;
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

  /**
   * What Hadoop passes over in its listings of a local folder, and of the folders in it, since Java
   * cannot spell its name: the locale that Java was started in has no such letters, or there are
   * none of such bytes.
   *
   * @return the first visible one that is found; none where there is no folder
   */
  public static Optional<java.nio.file.Path> passedOver(FileSystem fileSystem, Path folder)
      throws IOException {
    java.nio.file.Path start = path(fileSystem, folder);
    Spelling spelling = new Spelling(start);
    Files.walkFileTree(start, Set.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, spelling);
    return Optional.ofNullable(spelling.wrong);
  }

  private static final class Spelling extends SimpleFileVisitor<java.nio.file.Path> {
    private final java.nio.file.Path start;
    private java.nio.file.Path wrong;

    Spelling(java.nio.file.Path start) {
      this.start = start;
    }

    @Override
    public FileVisitResult preVisitDirectory(
        java.nio.file.Path folder, BasicFileAttributes attributes) {
      return folder.equals(start) ? FileVisitResult.CONTINUE : visitFile(folder, attributes);
    }

    @Override
    public FileVisitResult visitFile(java.nio.file.Path file, BasicFileAttributes attributes) {
      java.nio.file.Path name = file.getFileName();
      if (!Visibility.isVisible(name.toString())) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (isSpelt(name)) {
        return FileVisitResult.CONTINUE;
      }

      wrong = file;
      return FileVisitResult.TERMINATE;
    }

    /** What has gone meanwhile, or cannot be read: Hadoop says so where it matters. */
    @Override
    public FileVisitResult visitFileFailed(java.nio.file.Path file, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    /** A path of Java's own keeps the bytes of a name, whatever letters it makes of them. */
    private static boolean isSpelt(java.nio.file.Path name) {
      try {
        return name.equals(java.nio.file.Path.of(name.toString()));
      } catch (InvalidPathException e) {
        return false;
      }
    }
  }
}
