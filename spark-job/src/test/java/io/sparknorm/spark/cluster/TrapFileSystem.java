package io.sparknorm.spark.cluster;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Local files under {@code trap:/}, with a trap: the first operations of a kind on a matching path,
 * counted over all processes, wait or fail. Whoever is caught leaves a mark with its process id, so
 * that a test can break something at a known moment.
 */
public final class TrapFileSystem extends RawLocalFileSystem {
  static final String SCHEME = "trap";

  /** Open, create, rename or mkdirs; without it nothing is trapped. */
  static final String OPERATION = "fs.trap.operation";

  /** Regular expression that is to be found in the path. */
  static final String PATH = "fs.trap.path";

  /** How many are caught before the others pass. */
  static final String TIMES = "fs.trap.times";

  /** Wait (for the file {@link #OPEN}) or fail. */
  static final String ACTION = "fs.trap.action";

  /** Folder of marks. */
  static final String MARKS = "fs.trap.marks";

  static final String OPEN = "open";

  @Override
  public URI getUri() {
    return URI.create(SCHEME + ":///");
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    spring("open", path);
    return super.open(path, bufferSize);
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    spring("create", path);
    return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    spring("create", path);
    return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public FSDataOutputStream createNonRecursive(
      Path path,
      FsPermission permission,
      EnumSet<CreateFlag> flags,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    spring("create", path);
    return super.createNonRecursive(
        path, permission, flags, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    spring("rename", to);
    return super.rename(from, to);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    spring("mkdirs", path);
    return super.mkdirs(path);
  }

  private void spring(String operation, Path path) throws IOException {
    Configuration settings = getConf();
    if (operation.equals(settings.get(OPERATION))
        && Pattern.compile(settings.get(PATH)).matcher(path.toUri().getPath()).find()
        && isCaught(settings)) {
      if (settings.get(ACTION).equals("fail")) {
        throw new IOException("Trapped %s of %s".formatted(operation, path));
      }

      await(java.nio.file.Path.of(settings.get(MARKS), OPEN));
    }
  }

  /** The marks are created exclusively, so that no two processes are the n-th. */
  private static boolean isCaught(Configuration settings) throws IOException {
    for (int i = 1; i <= settings.getInt(TIMES, 1); i++) {
      try {
        Files.writeString(
            java.nio.file.Path.of(settings.get(MARKS), "caught-" + i),
            String.valueOf(ProcessHandle.current().pid()),
            StandardOpenOption.CREATE_NEW);
        return true;
      } catch (FileAlreadyExistsException e) {
        continue;
      }
    }

    return false;
  }

  private static void await(java.nio.file.Path file) throws IOException {
    while (!Files.exists(file)) {
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("Interrupted in a trap");
      }
    }
  }
}
