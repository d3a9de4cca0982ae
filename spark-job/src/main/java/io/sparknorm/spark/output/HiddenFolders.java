package io.sparknorm.spark.output;

import io.sparknorm.spark.Listing;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.PathBelow;
import io.sparknorm.spark.Visibility;
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
import org.apache.hadoop.security.AccessControlException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hidden folders beside a target, where runs stage, publish from and set aside, and how folders
 * get there and back while others do the same: by one atomic rename each, which nobody loses or
 * finds half of.
 */
final class HiddenFolders {
  private static final Logger LOG = LoggerFactory.getLogger(HiddenFolders.class);
  private static final String TRASH = "trash";

  private final FileSystem fileSystem;
  private final FileContext fileContext;
  private final Path target;

  HiddenFolders(FileSystem fileSystem, Path target) throws IOException {
    this.fileSystem = fileSystem;
    this.fileContext = FileContext.getFileContext(target.toUri(), fileSystem.getConf());
    this.target = target;
  }

  /** One of them. */
  Path sibling(String name) {
    String own = "%s.sparknorm-%s".formatted(target.getName(), name);
    return PathBelow.of(target.getParent(), Visibility.hidden(own));
  }

  /** Those of a kind, the newest first. */
  List<FileStatus> siblings(String kind) throws IOException {
    return entries(target.getParent(), sibling(kind + "-").getName()).stream()
        .sorted(Comparator.comparing((FileStatus s) -> s.getPath().getName()).reversed())
        .toList();
  }

  /** What there is in a folder by names that begin so; nothing where there is no folder. */
  List<FileStatus> entries(Path folder, String prefix) throws IOException {
    return Listing.of(fileSystem, folder, path -> path.getName().startsWith(prefix));
  }

  /**
   * Moves a folder to where nothing is.
   *
   * @throws FileAlreadyExistsException if something is
   */
  void move(Path from, Path to) throws IOException {
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

  private boolean isLocal() {
    return LocalFiles.hold(fileSystem.getUri());
  }

  private java.nio.file.Path local(Path path) {
    return LocalFiles.path(fileSystem, path);
  }

  /** Makes a folder and those above it. Hadoop's local file system would not say why it cannot. */
  void makeAll(Path folder) throws IOException {
    if (isLocal()) {
      Files.createDirectories(local(folder));
    } else if (!fileSystem.mkdirs(folder)) {
      throw new AccessControlException("No folder can be made in " + folder.getParent());
    }
  }

  /** Makes a folder in one that is there. */
  void make(Path folder) throws IOException {
    fileContext.mkdir(folder, FsPermission.getDirDefault(), false);
  }

  /**
   * Removes a folder that somebody may still write to, or put back. It is gone at once and whole,
   * so that whoever does finds nothing rather than a part.
   */
  void remove(Path folder) throws IOException {
    Path trash = sibling(TRASH + "-" + UUID.randomUUID());
    try {
      move(folder, trash);
    } catch (FileNotFoundException e) {
      return; // somebody else has removed it
    }

    empty(trash);
  }

  /** Removes what was to be removed by those who have been killed meanwhile. */
  void removeTrash() throws IOException {
    for (FileStatus trash : siblings(TRASH)) {
      empty(trash.getPath());
    }
  }

  /** No run depends on it, and one that is another user's may be for that user alone to delete. */
  private void empty(Path trash) {
    String why = "it is still there";
    try {
      if (fileSystem.getFileStatus(trash).isFile()) {
        LocalFiles.deleteIfExists(fileSystem, trash);
      } else {
        fileSystem.delete(trash, true);
      }

      if (!fileSystem.exists(trash)) {
        return;
      }
    } catch (FileNotFoundException e) {
      return; // somebody else has removed it
    } catch (IOException e) {
      why = e.getMessage();
    }

    LOG.warn("Cannot delete {}, which is of no use to any run: {}", trash, why);
  }

  /** Removes a folder that somebody may be about to fill, or to remove. */
  void removeIfEmpty(Path folder) {
    try {
      if (fileSystem.listStatus(folder).length == 0) {
        // Hadoop looks once more, and then removes whatever a local folder has got in between.
        LocalFiles.deleteIfExists(fileSystem, folder);
      }
    } catch (IOException e) {
      // Somebody has; if not, it is empty still for the next one to remove.
    }
  }
}
