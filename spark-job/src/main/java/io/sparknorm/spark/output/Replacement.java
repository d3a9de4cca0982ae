package io.sparknorm.spark.output;

import io.sparknorm.spark.Visibility;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

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
  private final HiddenFolders folders;
  private final Path target;
  private final String attempt;
  private Path ownAside;

  Replacement(FileSystem fileSystem, HiddenFolders folders, Path target, String attempt) {
    this.fileSystem = fileSystem;
    this.folders = folders;
    this.target = target;
    this.attempt = attempt;
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
      folders.make(folder);
    }
  }

  private void swap(Path from, Path to, Path aside) throws IOException {
    for (int i = 1; ; i++) {
      checkIsThere(from);
      boolean replacing = setAside(to, aside);
      try {
        folders.move(from, to);
        return;
      } catch (FileAlreadyExistsException e) {
        // Either a finder has put the old one back, or somebody else has published.
        if (i == TRIES || (replacing && fileSystem.exists(aside))) {
          folders.remove(aside);
          throw e;
        }
      } catch (IOException e) {
        if (replacing && fileSystem.exists(to)) {
          folders.remove(aside); // somebody else has published
        } else if (replacing) {
          putBack(aside, to);
        }

        throw e;
      }
    }
  }

  /** Who has been put out sets nothing aside, which may be the result of who has put him out. */
  private void checkIsThere(Path from) throws IOException {
    if (!fileSystem.exists(from)) {
      throw new FileNotFoundException(from.toString());
    }
  }

  private boolean setAside(Path to, Path aside) throws IOException {
    if (!fileSystem.exists(to)) {
      return false;
    }

    fileSystem.mkdirs(aside.getParent());
    try {
      folders.move(to, aside);
      return true;
    } catch (FileNotFoundException e) {
      return false; // somebody else has just set it aside
    }
  }

  /** Puts back what an interrupted replacement has set aside, and removes what is obsolete. */
  void settle() throws IOException {
    folders.removeTrash();
    for (FileStatus whole : folders.siblings("replaced")) {
      settle(whole.getPath(), target);
    }

    for (FileStatus parts : folders.siblings("partitions")) {
      settleParts(parts.getPath(), target);
    }
  }

  /**
   * Whether the target is there, or comes back. Who has been put out may set it aside on waking, in
   * one rename: what is away only for that is found aside, or by then has been put back.
   */
  boolean hasTarget() throws IOException {
    while (!fileSystem.exists(target)) {
      List<FileStatus> aside = folders.siblings("replaced");
      if (aside.isEmpty()) {
        return fileSystem.exists(target);
      }

      for (FileStatus whole : aside) {
        settle(whole.getPath(), target);
      }
    }

    return true;
  }

  /** Who has removed the folder that a partition was in does not want it back. */
  private void settle(Path aside, Path place) throws IOException {
    Path parent = place.getParent();
    boolean isWanted = fileSystem.exists(parent) || (hasTarget() && fileSystem.exists(parent));
    if (!isWanted || fileSystem.exists(place)) {
      folders.remove(aside);
    } else {
      putBack(aside, place);
    }
  }

  private void putBack(Path aside, Path place) throws IOException {
    try {
      folders.move(aside, place);
    } catch (FileAlreadyExistsException | FileNotFoundException e) {
      // Its owner, or another finder, was faster.
    }
  }

  /** Partitions stand where folders have files in them. */
  private void settleParts(Path aside, Path place) throws IOException {
    List<FileStatus> within =
        folders.entries(aside, "").stream()
            .filter(entry -> Visibility.isVisible(entry.getPath().getName()))
            .toList();
    if (within.stream().anyMatch(FileStatus::isFile)) {
      settle(aside, place);
      return;
    }

    for (FileStatus folder : within) {
      settleParts(folder.getPath(), new Path(place, folder.getPath().getName()));
    }

    folders.removeIfEmpty(aside);
  }

  /** Moves what this attempt has set aside to where no finder looks, all at once. */
  void moveAside(Path to) throws IOException {
    try {
      if (ownAside != null) {
        folders.move(ownAside, to);
      }
    } catch (FileNotFoundException e) {
      // A finder has settled all of it, or this attempt has been put out.
    }
  }

  /** Removes what this attempt has set aside, all at once. */
  void removeAside() throws IOException {
    if (ownAside != null) {
      folders.remove(ownAside);
    }
  }

  /** Named by the time, so that the last replacement is known. */
  private Path aside(String kind) {
    if (ownAside == null) {
      ownAside =
          folders.sibling("%s-%013d-%s".formatted(kind, System.currentTimeMillis(), attempt));
    }

    return ownAside;
  }
}
