package io.sparknorm.spark.fit;

import static java.nio.file.FileVisitOption.FOLLOW_LINKS;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.Visibility;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * Local files and folders that Spark passes over without a word, since Java cannot spell their
 * names: the locale that it was started in has no such letters, or there are none of such bytes.
 */
final class UnspeltFiles {
  private UnspeltFiles() {}

  /**
   * Throws if there is one below these folders.
   *
   * @throws JobException with status USAGE
   */
  static void check(List<org.apache.hadoop.fs.Path> folders, Configuration hadoop) {
    try {
      for (org.apache.hadoop.fs.Path folder : folders) {
        FileSystem fileSystem = folder.getFileSystem(hadoop);
        if (LocalFiles.hold(fileSystem.getUri())) {
          Path start = LocalFiles.path(fileSystem, folder);
          Files.walkFileTree(start, Set.of(FOLLOW_LINKS), Integer.MAX_VALUE, new Spelling(start));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Spelling extends SimpleFileVisitor<Path> {
    private final Path start;

    Spelling(Path start) {
      this.start = start;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return check(folder);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      return check(file);
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return e instanceof NoSuchFileException ? FileVisitResult.CONTINUE : check(file);
    }

    /** What cannot be listed to its end: Spark says so of all that it can spell. */
    @Override
    public FileVisitResult postVisitDirectory(Path folder, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    private FileVisitResult check(Path entry) {
      if (entry.equals(start)) {
        return FileVisitResult.CONTINUE;
      }
      if (!Visibility.isVisible(entry.getFileName().toString())) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (!isSpelt(entry)) {
        throw JobException.usage(
            "Cannot read all of the input: Java cannot spell the name of %s, so that Spark would"
                    .formatted(entry)
                + " pass over it (start in a locale that has all its letters, such as"
                + " LC_ALL=C.UTF-8, or rename it)");
      }

      return FileVisitResult.CONTINUE;
    }

    /** A path of Java's own keeps the bytes of a name, whatever letters it makes of them. */
    private static boolean isSpelt(Path entry) {
      try {
        Path spelt = entry.resolveSibling(entry.getFileName().toString());
        return spelt.equals(entry) || Files.exists(spelt, LinkOption.NOFOLLOW_LINKS);
      } catch (InvalidPathException e) {
        return false;
      }
    }
  }
}
