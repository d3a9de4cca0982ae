package io.sparknorm.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.ipc.RemoteException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a small file that takes the place of an older one at once: a reader sees the old content
 * or the new, whole, and of several writers the last one wins. {@link ExclusiveFile} is for files
 * that have one writer.
 *
 * <ul>
 *   <li>Local files and those of HDFS and its like are written under a temporary name and renamed.
 *       What a writer that was killed has left under such a name goes with the next write; a writer
 *       that still lives, and loses its file to that, writes it again.
 *   <li>An object store shows an object, in place of the one before, when its stream is closed.
 * </ul>
 */
public final class ReplaceableFile {
  private static final Logger LOG = LoggerFactory.getLogger(ReplaceableFile.class);
  private static final int TRIES = 20;

  private ReplaceableFile() {}

  /** Writes the file and, where need be, makes the folders above it. */
  public static void write(FileSystem fileSystem, Path target, byte[] content) throws IOException {
    if (ObjectStores.hold(fileSystem.getUri()) || !isReachedByContext(fileSystem)) {
      overwrite(fileSystem, target, content);
      return;
    }

    for (int i = 1; ; i++) {
      try {
        replace(fileSystem, target, content);
        removeLeftovers(fileSystem, target);
        return;
      } catch (IOException e) {
        if (i == TRIES || !tellsOfALostFile(e)) {
          throw e;
        }
      }
    }
  }

  /** HDFS refuses to close a file that is gone, and its client hands that on as it came. */
  private static boolean tellsOfALostFile(IOException failure) {
    IOException cause =
        failure instanceof RemoteException remote ? remote.unwrapRemoteException() : failure;
    return cause instanceof FileNotFoundException || cause instanceof NoSuchFileException;
  }

  /**
   * Moves a file to where an older one may be, on a file system that renames.
   *
   * @throws FileNotFoundException if it is gone
   */
  public static void move(FileSystem fileSystem, Path file, Path target) throws IOException {
    if (!LocalFiles.hold(fileSystem.getUri())) {
      context(fileSystem).rename(file, target, Options.Rename.OVERWRITE);
      return;
    }

    try {
      moveLocally(LocalFiles.path(fileSystem, file), LocalFiles.path(fileSystem, target));
    } catch (NoSuchFileException e) {
      throw (IOException) new FileNotFoundException(e.getMessage()).initCause(e);
    }
  }

  private static boolean isReachedByContext(FileSystem fileSystem) throws IOException {
    try {
      context(fileSystem);
      return true;
    } catch (UnsupportedFileSystemException e) {
      return false;
    }
  }

  private static FileContext context(FileSystem fileSystem) throws IOException {
    return FileContext.getFileContext(fileSystem.getUri(), fileSystem.getConf());
  }

  private static void replace(FileSystem fileSystem, Path target, byte[] content)
      throws IOException {
    if (LocalFiles.hold(fileSystem.getUri())) {
      replaceLocally(LocalFiles.path(fileSystem, target), content);
    } else {
      replaceByContext(fileSystem, target, content);
    }
  }

  private static void removeLeftovers(FileSystem fileSystem, Path target) {
    try {
      for (FileStatus leftover :
          fileSystem.listStatus(
              target.getParent(),
              path -> ExclusiveFile.isTemporary(path.getName(), target.getName()))) {
        LocalFiles.deleteIfExists(fileSystem, leftover.getPath());
      }
    } catch (IOException e) {
      // The file itself is written.
      LOG.warn("Cannot remove what is left beside {}: {}", target, e.getMessage());
    }
  }

  private static void replaceLocally(java.nio.file.Path target, byte[] content) throws IOException {
    Files.createDirectories(target.getParent());
    String name = target.getFileName().toString();
    java.nio.file.Path temporary = target.resolveSibling(ExclusiveFile.temporaryName(name));
    try {
      ExclusiveFile.writeDurably(temporary, out -> out.write(content));
      moveLocally(temporary, target);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void moveLocally(java.nio.file.Path file, java.nio.file.Path target)
      throws IOException {
    Files.deleteIfExists(target.resolveSibling("." + target.getFileName() + ".crc"));
    Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    ExclusiveFile.forceFolder(target.getParent());
  }

  private static void replaceByContext(FileSystem fileSystem, Path target, byte[] content)
      throws IOException {
    Path temporary =
        PathBelow.of(target.getParent(), ExclusiveFile.temporaryName(target.getName()));
    try {
      ExclusiveFile.writeThrough(fileSystem, temporary, out -> out.write(content));
      move(fileSystem, temporary, target);
    } finally {
      fileSystem.delete(temporary, false);
    }
  }

  private static void overwrite(FileSystem fileSystem, Path target, byte[] content)
      throws IOException {
    FSDataOutputStreamBuilder<? extends FSDataOutputStream, ?> object =
        fileSystem.createFile(target);
    object.recursive().overwrite(true);
    try (OutputStream out = object.build()) {
      out.write(content);
    }
  }
}
