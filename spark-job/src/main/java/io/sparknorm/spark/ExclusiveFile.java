package io.sparknorm.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates a file that appears at once and whole, unless its name is taken. Of any number of writers
 * of one name exactly one succeeds, and a reader never sees a part of the content.
 *
 * <ul>
 *   <li>A local file is written under a temporary name, forced to the disk and then hard-linked to
 *       its own name, since Hadoop's local file system checks and then creates. Where there are no
 *       hard links it is copied instead, still exclusively, but a reader may see it grow.
 *   <li>HDFS and its like rename a temporary file; {@link FileContext} refuses an existing target
 *       where {@link FileSystem#rename} may replace it or nest inside it.
 *   <li>An object store shows an object when its stream is closed. S3A makes the creation
 *       conditional when it is asked to, from Hadoop 3.4.2 on; before, it checks and then creates,
 *       and several writers may succeed. Where a client is not known to create conditionally, that
 *       is logged.
 * </ul>
 *
 * <p>A request may succeed and its answer be lost, so that the client's own retry finds the name
 * taken. A name taken by the very same content therefore counts as created: content that is to have
 * one winner carries something unique to its writer, such as the run's id.
 */
public final class ExclusiveFile {
  /** Writes the content of the file. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(ExclusiveFile.class);

  /**
   * An option, and the capability of a client that honours it; Hadoop 3.3 has no constant for it.
   */
  private static final String CONDITIONAL_CREATE = "fs.option.create.conditional.overwrite";

  /** The client of Google's store creates conditionally whenever it may not overwrite. */
  private static final String GOOGLE = "gs";

  private static final Set<URI> UNCONDITIONAL = ConcurrentHashMap.newKeySet();

  private ExclusiveFile() {}

  /**
   * Creates the file and, where need be, the folders above it.
   *
   * @return the digest of what was written; empty if the name is taken by another content
   */
  public static Optional<FileDigest> create(FileSystem fileSystem, Path target, Content content)
      throws IOException {
    if (LocalFiles.hold(fileSystem.getUri())) {
      return createByLink(LocalFiles.path(fileSystem, target), content);
    }

    return ObjectStores.hold(fileSystem.getUri())
        ? createObject(fileSystem, target, content)
        : createByRename(fileSystem, target, content);
  }

  static Optional<FileDigest> createByLink(java.nio.file.Path target, Content content)
      throws IOException {
    Files.createDirectories(target.getParent());
    String name = target.getFileName().toString();
    java.nio.file.Path temporary = target.resolveSibling(temporaryName(name));
    try {
      FileDigest digest = writeDurably(temporary, content);
      if (!Files.exists(target)) {
        // Left by a file of this name that was deleted past Hadoop, it would contradict ours.
        Files.deleteIfExists(target.resolveSibling("." + name + ".crc"));
      }

      if (!linkOrCopy(temporary, target)) {
        try (InputStream existing = Files.newInputStream(target)) {
          return Optional.of(digest).filter(FileDigest.of(existing)::equals);
        }
      }

      forceFolder(target.getParent());
      return Optional.of(digest);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static boolean linkOrCopy(java.nio.file.Path temporary, java.nio.file.Path target)
      throws IOException {
    try {
      Files.createLink(target, temporary);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      try {
        Files.copy(temporary, target);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      }
    }
  }

  static FileDigest writeDurably(java.nio.file.Path file, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      FileDigest digest = write(Channels.newOutputStream(channel), content);
      channel.force(true);
      return digest;
    }
  }

  /** Makes the new name survive a crash of the machine, on systems that let folders be opened. */
  static void forceFolder(java.nio.file.Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException | UnsupportedOperationException e) {
      // The file itself is safe; only its name may be lost with the machine, as if never created.
    }
  }

  private static Optional<FileDigest> createByRename(
      FileSystem fileSystem, Path target, Content content) throws IOException {
    FileContext context;
    try {
      context = FileContext.getFileContext(fileSystem.getUri(), fileSystem.getConf());
    } catch (UnsupportedFileSystemException e) {
      return createObject(fileSystem, target, content);
    }

    Path temporary = PathBelow.of(target.getParent(), temporaryName(target.getName()));
    try {
      FileDigest digest = writeThrough(fileSystem, temporary, content);
      try {
        context.rename(temporary, target, Options.Rename.NONE);
        return Optional.of(digest);
      } catch (IOException failure) {
        return settle(fileSystem, target, digest, failure);
      }
    } finally {
      fileSystem.delete(temporary, false);
    }
  }

  /**
   * Writes a file and has it on disks. The stream of HDFS throws one and the same exception when it
   * is closed as before, which try-with-resources does not bear.
   */
  static FileDigest writeThrough(FileSystem fileSystem, Path file, Content content)
      throws IOException {
    FSDataOutputStream out = fileSystem.create(file, false);
    try {
      FileDigest digest = write(out, content);
      out.hsync();
      return digest;
    } finally {
      out.close();
    }
  }

  /** The content is made before the object is begun, so that a failing writer leaves no object. */
  private static Optional<FileDigest> createObject(
      FileSystem fileSystem, Path target, Content content) throws IOException {
    java.nio.file.Path made = Files.createTempFile("sparknorm", null);
    try {
      FileDigest digest;
      try (OutputStream out = Files.newOutputStream(made)) {
        digest = write(out, content);
      }

      FSDataOutputStreamBuilder<? extends FSDataOutputStream, ?> object =
          fileSystem.createFile(target);
      object.recursive().overwrite(false);
      if (fileSystem.hasPathCapability(target, CONDITIONAL_CREATE)) {
        object.opt(CONDITIONAL_CREATE, true);
      } else {
        warnOnce(fileSystem.getUri());
      }

      try (OutputStream out = object.build()) {
        Files.copy(made, out);
      } catch (IOException failure) {
        return settle(fileSystem, target, digest, failure);
      }

      return Optional.of(digest);
    } finally {
      Files.deleteIfExists(made);
    }
  }

  private static void warnOnce(URI store) {
    if (!GOOGLE.equals(store.getScheme()) && UNCONDITIONAL.add(store)) {
      LOG.warn(
          "Cannot rule out that two runs publish the same to {} at once: its client creates no"
              + " object conditionally (take Hadoop 3.4.2 or later with"
              + " fs.s3a.create.conditional.enabled, or start one run at a time for an output and"
              + " for a model)",
          store);
    }
  }

  private static Optional<FileDigest> settle(
      FileSystem fileSystem, Path target, FileDigest digest, IOException failure)
      throws IOException {
    if (!fileSystem.exists(target)) {
      throw failure;
    }

    return Optional.of(digest).filter(FileDigest.of(fileSystem, target)::equals);
  }

  private static FileDigest write(OutputStream out, Content content) throws IOException {
    FileDigest.Stream stream = new FileDigest.Stream(out);
    content.writeTo(stream);
    stream.flush();
    return stream.digest();
  }

  /** Hidden from Hadoop's and Spark's listings by its leading dot. */
  static String temporaryName(String name) {
    return "." + name + "." + UUID.randomUUID() + ".tmp";
  }

  /** Whether a file is a temporary one of another. */
  static boolean isTemporary(String file, String name) {
    return file.matches("\\Q." + name + ".\\E[0-9a-f-]{36}\\.tmp");
  }
}
