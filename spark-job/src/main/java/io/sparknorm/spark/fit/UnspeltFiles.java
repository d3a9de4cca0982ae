package io.sparknorm.spark.fit;

import static java.nio.file.FileVisitOption.FOLLOW_LINKS;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.Visibility;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.GlobFilter;

/**
 * Local files and folders that Spark passes over without a word, since Java cannot spell their
 * names: the locale that it was started in has no such letters, or there are none of such bytes.
 */
final class UnspeltFiles {
  private static final Pattern GLOB = Pattern.compile("[{}\\[\\]*?\\\\]");

  private UnspeltFiles() {}

  /**
   * Throws if there is one that a pattern matches, or on the way to what it matches. Spark looks
   * for that before it looks below it.
   *
   * @param path that may be a pattern
   * @throws JobException with status USAGE
   */
  static void checkMatching(String path, Configuration hadoop) {
    try {
      for (String pattern : GlobExpander.expand(path)) {
        List<String> names = new LinkedList<>();
        org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(pattern);
        while (GLOB.matcher(folder.toUri().getPath()).find()) {
          names.add(0, folder.getName());
          folder = folder.getParent();
        }

        FileSystem fileSystem = folder.getFileSystem(hadoop);
        if (LocalFiles.hold(fileSystem.getUri())) {
          checkMatching(LocalFiles.path(fileSystem, folder), names);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there is anything by these names, which may be patterns, one below the other. */
  private static boolean checkMatching(Path folder, List<String> names) throws IOException {
    if (names.isEmpty()) {
      return true;
    }

    List<String> below = names.subList(1, names.size());
    if (!GLOB.matcher(names.get(0)).find()) {
      Path entry = folder.resolve(names.get(0));
      return Files.exists(entry) && checkMatching(entry, below);
    }

    boolean isMatched = false;
    GlobFilter filter = new GlobFilter(names.get(0));
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (filter.accept(new org.apache.hadoop.fs.Path(null, null, name))
            && checkMatching(entry, below)) {
          check(entry);
          isMatched = true;
        }
      }
    } catch (FileSystemException | DirectoryIteratorException e) {
      // A file, or what cannot be listed: Spark says so where it matters.
    }

    return isMatched;
  }

  private static void check(Path entry) {
    if (!isSpelt(entry)) {
      throw JobException.usage(
          "Cannot read all of the input: Java cannot spell the name of %s, so that Spark would"
                  .formatted(entry)
              + " pass over it (start in a locale that has all its letters, such as"
              + " LC_ALL=C.UTF-8, or rename it)");
    }
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
      return visit(folder);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      return visit(file);
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return e instanceof NoSuchFileException ? FileVisitResult.CONTINUE : visit(file);
    }

    /** What cannot be listed to its end: Spark says so of all that it can spell. */
    @Override
    public FileVisitResult postVisitDirectory(Path folder, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    private FileVisitResult visit(Path entry) {
      if (entry.equals(start)) {
        return FileVisitResult.CONTINUE;
      }
      if (!Visibility.isVisible(entry.getFileName().toString())) {
        return FileVisitResult.SKIP_SUBTREE;
      }

      check(entry);
      return FileVisitResult.CONTINUE;
    }
  }
}
