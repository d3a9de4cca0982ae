package io.sparknorm.spark;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIOException;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Behaves as S3A does with Hadoop 3.4.2: a stream is kept back until it is closed, and replaces
 * whatever has appeared meanwhile unless the creation was asked to be conditional. Where that is
 * switched off, asking for it fails. A file that is renamed is copied, and then deleted.
 */
public class ConditionalStore extends RawLocalFileSystem {
  /** Set to make every creation succeed and its answer be lost. */
  static final String LOSE_ANSWERS = "test.lose.answers";

  static final String ENABLED = "fs.s3a.create.conditional.enabled";

  private static final String CONDITIONAL = "fs.option.create.conditional.overwrite";

  /** What happens just before an operation, and once an object is created. */
  @FunctionalInterface
  public interface Rival {
    void act(String operation, Path path) throws IOException;
  }

  private static volatile Rival rival = (operation, path) -> {};

  /** Has a rival act just before each operation, until another one is set. */
  public static void before(Rival act) {
    rival = act;
  }

  /** Has a rival act just before each creation that may be conditional. */
  public static void beforeCreation(Consumer<Path> act) {
    before(
        (operation, path) -> {
          if (operation.equals("build")) {
            act.accept(path);
          }
        });
  }

  static Configuration configuration() {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.s3a.impl", ConditionalStore.class, RawLocalFileSystem.class);
    hadoop.setBoolean("fs.s3a.impl.disable.cache", true);
    return hadoop;
  }

  @Override
  public URI getUri() {
    return URI.create("s3a://bucket");
  }

  @Override
  public boolean hasPathCapability(Path path, String capability) throws IOException {
    return capability.equals(CONDITIONAL)
        ? getConf().getBoolean(ENABLED, true)
        : super.hasPathCapability(path, capability);
  }

  @Override
  public FSDataOutputStreamBuilder<FSDataOutputStream, ?> createFile(Path path) {
    return new Builder(path);
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
    rival.act("create", path);
    return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
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
    rival.act("create", path);
    return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    rival.act("rename", from);
    if (pathToFile(from).isDirectory()) {
      return super.rename(from, to);
    }

    if (exists(to)) {
      return false;
    }

    copy(from, to);
    rival.act("forget", from);
    return Files.deleteIfExists(pathToFile(from).toPath());
  }

  private void copy(Path from, Path to) throws IOException {
    java.nio.file.Path file = pathToFile(to).toPath();
    Files.createDirectories(file.getParent());
    java.nio.file.Path whole = Files.createTempFile(file.getParent(), ".", "");
    try {
      Files.copy(pathToFile(from).toPath(), whole, StandardCopyOption.REPLACE_EXISTING);
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      throw (IOException) new FileNotFoundException(from.toString()).initCause(e);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    rival.act("delete", path);
    return super.delete(path, recursive);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    rival.act("mkdirs", path);
    return super.mkdirs(path);
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    rival.act("open", path);
    return super.open(path, bufferSize);
  }

  @Override
  public boolean exists(Path path) throws IOException {
    rival.act("exists", path);
    return super.exists(path);
  }

  /** Leaves permissions out, which objects have not, and which would be looked up as a file's. */
  @Override
  public FileStatus[] listStatus(Path folder) throws IOException {
    rival.act("list", folder);
    return Arrays.stream(super.listStatus(folder))
        .map(
            file ->
                new FileStatus(
                    file.getLen(),
                    file.isDirectory(),
                    1,
                    file.getBlockSize(),
                    file.getModificationTime(),
                    file.getPath()))
        .toArray(FileStatus[]::new);
  }

  private final class Builder extends FSDataOutputStreamBuilder<FSDataOutputStream, Builder> {
    Builder(Path path) {
      super(ConditionalStore.this, path);
    }

    @Override
    public Builder getThisBuilder() {
      return this;
    }

    @Override
    public FSDataOutputStream build() throws IOException {
      rival.act("build", getPath());
      if (exists(getPath()) && !getFlags().contains(CreateFlag.OVERWRITE)) {
        throw new FileAlreadyExistsException(getPath().toString());
      }

      boolean conditional = getOptions().getBoolean(CONDITIONAL, false);
      if (conditional && !hasPathCapability(getPath(), CONDITIONAL)) {
        throw new PathIOException(getPath().toString(), "Conditional Writes Unavailable");
      }

      return new FSDataOutputStream(new KeptBack(getPath(), conditional), null);
    }
  }

  private final class KeptBack extends FilterOutputStream {
    private final Path path;
    private final boolean conditional;

    KeptBack(Path path, boolean conditional) {
      super(new ByteArrayOutputStream());
      this.path = path;
      this.conditional = conditional;
    }

    @Override
    public void close() throws IOException {
      java.nio.file.Path file = pathToFile(path).toPath();
      Files.createDirectories(file.getParent());
      java.nio.file.Path whole = Files.createTempFile(file.getParent(), "", "");
      Files.write(whole, ((ByteArrayOutputStream) out).toByteArray());
      try {
        if (conditional) {
          Files.createLink(file, whole);
        } else {
          Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        Files.deleteIfExists(whole);
      }

      rival.act("created", path);
      if (getConf().getBoolean(LOSE_ANSWERS, false)) {
        throw new IOException("Connection reset");
      }
    }
  }
}
