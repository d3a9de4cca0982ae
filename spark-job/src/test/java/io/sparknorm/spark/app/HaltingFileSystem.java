package io.sparknorm.spark.app;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;

/**
 * A file system, {@code halt:}, on which a process comes to its end: the operation of a given
 * number that would change anything does not happen, and none after it, whatever the process still
 * tries. In a process of its own it halts that for real.
 *
 * <p>Counting goes for all file systems of the JVM. The closing of a file that was written counts
 * too.
 */
public final class HaltingFileSystem extends RawLocalFileSystem {
  /** System property: after how many operations to halt the JVM. */
  static final String HALT_AFTER = "sparknorm.test.halt-after";

  private static final AtomicInteger DONE = new AtomicInteger();
  private static volatile boolean isFull;
  private static volatile Consumer<Path> rival = path -> {};
  private static volatile Consumer<Path> maker = path -> {};
  private static volatile Consumer<Path> renamer = path -> {};
  private static volatile String undeletable = "";
  private static volatile int last = Integer.getInteger(HALT_AFTER, Integer.MAX_VALUE);

  /** The same for the calls that go by a file context. */
  public static final class Context extends DelegateToFileSystem {
    public Context(URI uri, Configuration hadoop) throws IOException, URISyntaxException {
      super(uri, fileSystem(uri, hadoop), hadoop, "halt", false);
    }

    private static HaltingFileSystem fileSystem(URI uri, Configuration hadoop) throws IOException {
      HaltingFileSystem fileSystem = new HaltingFileSystem();
      fileSystem.initialize(uri, hadoop);
      return fileSystem;
    }

    @Override
    public int getUriDefaultPort() {
      return -1;
    }
  }

  static void install(Configuration hadoop) {
    hadoop.set("fs.halt.impl", HaltingFileSystem.class.getName());
    hadoop.set("fs.AbstractFileSystem.halt.impl", Context.class.getName());
  }

  /** Lets so many more operations happen. */
  static void haltAfter(int operations) {
    isFull = false;
    DONE.set(0);
    last = operations;
  }

  /** Lets so many files be made and closed; then the disk is full, and all else goes on. */
  static void fullAfter(int operations) {
    haltAfter(operations);
    isFull = true;
  }

  /** Has a rival act whenever somebody looks whether a file is there. */
  static void whenLookedFor(Consumer<Path> act) {
    rival = act;
  }

  /** Has somebody act whenever a file is about to be made. */
  static void whenMade(Consumer<Path> act) {
    maker = act;
  }

  /**
   * Has somebody act whenever a file or folder has got its new name, before the caller hears it.
   */
  static void whenRenamed(Consumer<Path> act) {
    renamer = act;
  }

  /** Lets nobody delete what has such a path, as if another user had made it. */
  static void refuseToDelete(String path) {
    undeletable = path;
  }

  @Override
  public boolean exists(Path path) throws IOException {
    rival.accept(path);
    return super.exists(path);
  }

  /** How many operations have been tried since. */
  static int operations() {
    return DONE.get();
  }

  private static void writeStep() throws IOException {
    if (isFull && DONE.incrementAndGet() > last) {
      throw new IOException("No space left on device");
    }

    step();
  }

  private static void step() throws IOException {
    if (!isFull && DONE.incrementAndGet() > last) {
      if (System.getProperty(HALT_AFTER) != null) {
        Runtime.getRuntime().halt(137);
      }

      throw new IOException("halted");
    }
  }

  @Override
  public URI getUri() {
    return URI.create("halt:///");
  }

  @Override
  public String getScheme() {
    return "halt";
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
    maker.accept(path);
    writeStep();
    return closing(
        super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress));
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
    maker.accept(path);
    writeStep();
    return closing(super.create(path, overwrite, bufferSize, replication, blockSize, progress));
  }

  private static FSDataOutputStream closing(FSDataOutputStream out) throws IOException {
    OutputStream counted =
        new FilterOutputStream(out) {
          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
          }

          @Override
          public void close() throws IOException {
            writeStep();
            out.close();
          }
        };
    return new FSDataOutputStream(counted, null);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    step();
    boolean isDone = super.rename(from, to);
    renamer.accept(to);
    return isDone;
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    step();
    if (path.toUri().getPath().matches(undeletable)) {
      throw new AccessControlException("Permission denied: " + path);
    }

    return super.delete(path, recursive);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    step();
    return super.mkdirs(path);
  }

  /** Leaves alone what costs a process each time. */
  @Override
  public void setPermission(Path path, FsPermission permission) {}
}
