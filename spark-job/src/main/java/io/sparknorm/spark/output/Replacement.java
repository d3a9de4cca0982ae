package io.sparknorm.spark.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Replaces a folder, or folders within it, by renaming: the old one aside, the new one in.
 *
 * <p>What is set aside lies in hidden folders beside the target, and says by its place what to do
 * about it, whoever finds it: where the target has nothing in its place, the replacement was cut
 * off, and it is put back; else it is obsolete. A replacement under way that loses what it had set
 * aside to such a finder sets it aside again.
 */
final class Replacement {
  private static final int TRIES = 20;

  private final FileSystem fileSystem;
  private final FileContext fileContext;
  private final Path target;
  private final String attempt;
  private Path ownAside;

  Replacement(FileSystem fileSystem, Path target, String attempt) throws IOException {
    this.fileSystem = fileSystem;
    this.fileContext = FileContext.getFileContext(target.toUri(), fileSystem.getConf());
    this.target = target;
    this.attempt = attempt;
  }

  /** Whether Spark sees an entry of a folder: also the partitions by a column such as _day. */
  static boolean isVisible(Path path) {
    String name = path.getName();
    return !name.startsWith(".") && (!name.startsWith("_") || name.contains("="));
  }

  /**
   * Moves a folder to where nothing is.
   *
   * @throws FileAlreadyExistsException if something is
   */
  void moveIn(Path from, Path to) throws IOException {
    if (isLocal()) {
      moveLocally(from, to);
    } else {
      fileContext.rename(from, to, Options.Rename.NONE);
    }
  }

  /** Hadoop looks, renames, and nests one folder in the other if that has appeared in between. */
  private void moveLocally(Path from, Path to) throws IOException {
    if (!fileSystem.exists(from)) {
      throw new FileNotFoundException(from.toString());
    }

    if (fileSystem.exists(to)) {
      throw new FileAlreadyExistsException(to.toString());
    }

    try {
      Files.move(local(from), local(to), StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      throw (IOException) new FileNotFoundException(e.getMessage()).initCause(e);
    } catch (FileSystemException e) {
      if (!fileSystem.exists(to)) {
        throw e;
      }

      throw (IOException) new FileAlreadyExistsException(to.toString()).initCause(e);
    }
  }

  /** Moves a folder to the target, whatever is there. */
  void replaceAll(Path from) throws IOException {
    swap(from, target, aside("replaced"));
  }

  /**
   * Moves a folder to a place within the target, whatever is there.
   *
   * @param place the path below the target
   */
  void replace(Path from, String place) throws IOException {
    Path to = new Path(target, place);
    makeFolder(to.getParent());
    swap(from, to, new Path(aside("partitions"), place));
  }

  /** Makes folders within the target alone: that may be away for an instant, set aside itself. */
  private void makeFolder(Path folder) throws IOException {
    if (!folder.equals(target) && !fileSystem.exists(folder)) {
      makeFolder(folder.getParent());
      fileContext.mkdir(folder, FsPermission.getDirDefault(), false);
    }
  }

  private boolean isLocal() {
    return target.toUri().getScheme().equals("file");
  }

  private static java.nio.file.Path local(Path path) {
    return java.nio.file.Path.of(path.toUri());
  }

  private void swap(Path from, Path to, Path aside) throws IOException {
    for (int i = 1; ; i++) {
      boolean replacing = setAside(to, aside);
      try {
        moveIn(from, to);
        return;
      } catch (FileAlreadyExistsException e) {
        // Either a finder has put the old one back, or somebody else has published.
        if (i == TRIES || (replacing && fileSystem.exists(aside))) {
          remove(aside);
          throw e;
        }
      } catch (IOException e) {
        if (replacing && !fileSystem.exists(to)) {
          putBack(aside, to);
        }

        throw e;
      }
    }
  }

  private boolean setAside(Path to, Path aside) throws IOException {
    if (!fileSystem.exists(to)) {
      return false;
    }

    fileSystem.mkdirs(aside.getParent());
    try {
      moveIn(to, aside);
      return true;
    } catch (FileNotFoundException e) {
      return false; // somebody else has just set it aside
    }
  }

  /**
   * Removes a folder beside the target that somebody may still write to, or put back. It is gone at
   * once and whole, so that whoever does finds nothing rather than a part.
   */
  void remove(Path folder) throws IOException {
    Path trash = sibling("trash-" + UUID.randomUUID());
    try {
      moveIn(folder, trash);
    } catch (FileNotFoundException e) {
      return; // somebody else has removed it
    }

    fileSystem.delete(trash, true);
  }

  /** Puts back what an interrupted replacement has set aside, and removes what is obsolete. */
  void settle() throws IOException {
    for (FileStatus trash : siblings("trash")) {
      fileSystem.delete(trash.getPath(), true);
    }

    for (FileStatus whole : siblings("replaced")) {
      settle(whole.getPath(), target);
    }

    for (FileStatus parts : siblings("partitions")) {
      settleParts(parts.getPath(), target);
    }
  }

  /** Who has removed the folder that a partition was in does not want it back. */
  private void settle(Path aside, Path place) throws IOException {
    if (fileSystem.exists(place) || !fileSystem.exists(place.getParent())) {
      remove(aside);
    } else {
      putBack(aside, place);
    }
  }

  private void putBack(Path aside, Path place) throws IOException {
    try {
      moveIn(aside, place);
    } catch (FileAlreadyExistsException | FileNotFoundException e) {
      // Its owner, or another finder, was faster.
    }
  }

  /** Partitions stand where folders have files in them. */
  private void settleParts(Path aside, Path place) throws IOException {
    List<FileStatus> within =
        entries(aside, "").stream().filter(entry -> isVisible(entry.getPath())).toList();
    if (within.stream().anyMatch(FileStatus::isFile)) {
      settle(aside, place);
      return;
    }

    for (FileStatus folder : within) {
      settleParts(folder.getPath(), new Path(place, folder.getPath().getName()));
    }

    removeIfEmpty(aside);
  }

  /** Removes what this attempt has set aside, all at once. */
  void removeAside() throws IOException {
    if (ownAside != null) {
      remove(ownAside);
    }
  }

  /** Removes a folder that somebody may be about to fill, or to remove. */
  void removeIfEmpty(Path folder) {
    try {
      if (fileSystem.listStatus(folder).length == 0) {
        fileSystem.delete(folder, false);
      }
    } catch (IOException e) {
      // Somebody has; if not, it is empty still for the next one to remove.
    }
  }

  /** The target's hidden siblings of a kind, the newest first. */
  List<FileStatus> siblings(String kind) throws IOException {
    return entries(target.getParent(), sibling(kind + "-").getName()).stream()
        .sorted(Comparator.comparing((FileStatus s) -> s.getPath().getName()).reversed())
        .toList();
  }

  /** A hidden sibling of the target, as all are that this class and its callers make. */
  Path sibling(String name) {
    return new Path(target.getParent(), "_%s.sparknorm-%s".formatted(target.getName(), name));
  }

  /** What there is in a folder by names that begin so; nothing where there is no folder. */
  List<FileStatus> entries(Path folder, String prefix) throws IOException {
    try {
      return List.of(fileSystem.listStatus(folder, path -> path.getName().startsWith(prefix)));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** Named by the time, so that the last replacement is known. */
  private Path aside(String kind) {
    if (ownAside == null) {
      ownAside = sibling("%s-%013d-%s".formatted(kind, System.currentTimeMillis(), attempt));
    }

    return ownAside;
  }
}
