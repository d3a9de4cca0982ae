package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.Listing;
import io.sparknorm.spark.Visibility;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder on an object store, which cannot rename folders. There a run writes to a new path, which
 * is complete once {@code _SUCCESS} is there, and replacing is refused.
 *
 * <p>Each attempt stages in a hidden folder of its own within the target. The first to make its
 * {@link Claim} publishes: the store copies each of its files to where readers see it, and {@code
 * _SUCCESS} comes last. An attempt that is cut off in between is brought to its end by the next one
 * at the same run. Without a claim nobody puts anything where readers see it, and what they see
 * nobody ever removes: an attempt that was beaten cannot do harm, however late it notices.
 */
final class ObjectStoreOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectStoreOutput.class);

  /** How the names of the folders begin that attempts stage in. */
  private static final String STAGED = "_sparknorm-";

  /** The store does the copying; who asks for it only waits. */
  private static final int MOVED_AT_ONCE = 16;

  private final FileFormat format;
  private final Publisher publisher;
  private final FileSystem fileSystem;
  private final Path target;
  private final Path staged;
  private StructType schema;
  private List<String> written = List.of();
  private Set<String> stagedBefore = Set.of();
  private boolean isClaimed;

  ObjectStoreOutput(FileFormat format, Publisher publisher, FileSystem fileSystem, Path target) {
    this.format = format;
    this.publisher = publisher;
    this.fileSystem = fileSystem;
    this.target = target;
    this.staged = new Path(target, STAGED + publisher.attempt());
    checkFilesAppearWhole();
    IfExists ifExists = format.spec().ifExists();
    if (ifExists == IfExists.REPLACE || ifExists == IfExists.REPLACE_PARTITIONS) {
      throw JobException.usage(
          "Invalid output.if-exists: %s (%s is on an object store, which cannot replace a folder"
                  .formatted(ifExists.key(), location())
              + " atomically; write to a new path, such as one with {run}, or to a Delta or Iceberg"
              + " table)");
    }
  }

  /** Azure's older client shows an empty file where it moves one to, until the store has copied. */
  private void checkFilesAppearWhole() {
    if (target.toUri().getScheme().startsWith("wasb")) {
      throw JobException.usage(
          "Invalid output.path: %s (a file is seen there before it is whole; write by abfs to an"
                  .formatted(location())
              + " account with a hierarchical namespace, or to a Delta or Iceberg table)");
    }
  }

  @Override
  public String location() {
    return format.spec().location();
  }

  @Override
  public boolean holds(InputSpec input, Set<String> files) {
    return Output.isOrHolds(target, input, files, fileSystem.getConf());
  }

  @Override
  public boolean isReplaceable() {
    return false;
  }

  @Override
  public Existing existing() {
    try {
      List<Path> entries = entries();
      if (isFree(entries)) {
        stagedBefore =
            entries.stream()
                .map(Path::getName)
                .filter(ObjectStoreOutput::isStaged)
                .collect(Collectors.toSet());
        return Existing.NOTHING;
      }

      Claim claim = Claim.read(fileSystem, target);
      boolean isComplete = fileSystem.exists(new Path(target, RunMarker.SUCCESS));
      if (!claim.run().equals(publisher.identity())) {
        return isComplete ? Existing.OTHER : Existing.UNFINISHED;
      }

      if (!isComplete) {
        finish(claim);
      }

      remove(ObjectStoreOutput::isStaged);
      return Existing.SAME_RUN;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether nobody has published there, or begun to; what is staged does not count. */
  private static boolean isFree(List<Path> entries) {
    for (Path entry : entries) {
      String name = entry.getName();
      if (Visibility.isVisible(name)
          || name.equals(RunMarker.NAME)
          || name.equals(RunMarker.SUCCESS)) {
        return false;
      }
    }

    return true;
  }

  private static boolean isStaged(String name) {
    return name.startsWith(STAGED);
  }

  private List<Path> entries() throws IOException {
    return Listing.of(fileSystem, target).stream().map(FileStatus::getPath).toList();
  }

  @Override
  public void checkIsWritable() {
    try {
      fileSystem.mkdirs(staged);
      remove(staged.getName()::equals);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stage(Dataset<Row> rows) {
    schema = rows.schema();
    format.write(rows, staged);
    try {
      written = stagedFiles();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The paths below the folder; a task that nobody waits for writes to a hidden one there. */
  private List<String> stagedFiles() throws IOException {
    List<String> files = new ArrayList<>();
    try {
      RemoteIterator<LocatedFileStatus> listed = fileSystem.listFiles(staged, true);
      while (listed.hasNext()) {
        Path file = listed.next().getPath();
        if (isToBeSeen(file)) {
          files.add(staged.toUri().relativize(file.toUri()).getPath());
        }
      }
    } catch (FileNotFoundException e) {
      return List.of(); // whoever has published removes what others have staged
    }

    return files;
  }

  private boolean isToBeSeen(Path path) {
    return path.equals(staged)
        || (Visibility.isVisible(path.getName()) && isToBeSeen(path.getParent()));
  }

  @Override
  public Dataset<Row> staged() {
    return format.read(staged, schema);
  }

  @Override
  public void checkIsStaged() {
    try {
      if (!isFree(entries())) {
        throw publishedFirst();
      }

      List<String> left = new ArrayList<>(stagedFiles());
      left.retainAll(Set.copyOf(written));
      if (left.size() < written.size()) {
        throw new JobException(
            LeavingStatus.TRY_AGAIN,
            "Cannot publish output: of %d files that this run has written to %s %d are left (start"
                    .formatted(written.size(), location(), left.size())
                + " it again)");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void checkIsStaged(long records) {
    if (records > 0 && written.isEmpty()) {
      throw new JobException(
          LeavingStatus.TRY_AGAIN,
          "Cannot publish output: of the files of %d records that this run has written to %s none is"
                  .formatted(records, location())
              + " left (start it again)");
    }
  }

  @Override
  public void publish() {
    checkIsStaged();
    Claim claim = new Claim(publisher.identity(), staged.getName(), written);
    try {
      isClaimed = true; // or may be, where making the claim fails: another attempt finds out
      isClaimed = claim.create(fileSystem, target);
      if (!isClaimed) {
        throw publishedFirst();
      }

      finish(claim);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    remove(name -> name.equals(staged.getName()) || stagedBefore.contains(name));
  }

  /** Can be done again, and by several at once: an object appears whole, and is the same anyway. */
  private void finish(Claim claim) throws IOException {
    Set<String> gone = ConcurrentHashMap.newKeySet();
    ExecutorService movers = Executors.newFixedThreadPool(MOVED_AT_ONCE);
    try {
      CompletableFuture.allOf(
              claim.files().stream()
                  .map(file -> CompletableFuture.runAsync(() -> move(claim, file, gone), movers))
                  .toArray(CompletableFuture[]::new))
          .join();
    } finally {
      movers.shutdown();
    }

    if (!gone.isEmpty()) {
      throw new JobException(
          LeavingStatus.CONFLICT,
          "Cannot publish output: %s, which this run has written to %s, is gone (remove the folder,"
                  .formatted(gone.iterator().next(), location())
              + " then start the run again)");
    }

    RunMarker.writeSuccess(fileSystem, target);
  }

  private void move(Claim claim, String file, Set<String> gone) {
    Path from = new Path(new Path(target, claim.staged()), file);
    Path to = new Path(target, file);
    try {
      if (!fileSystem.exists(to) && !rename(from, to)) {
        gone.add(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether a file is in its new place, whoever has moved it there. */
  private boolean rename(Path from, Path to) throws IOException {
    IOException failure = new IOException("Cannot move %s to %s".formatted(from, to));
    try {
      fileSystem.mkdirs(to.getParent());
      if (fileSystem.rename(from, to)) {
        return true;
      }
    } catch (IOException e) {
      failure = e;
    }

    boolean isLeft = fileSystem.exists(from); // asked first: it goes once the other is there
    boolean isMoved = fileSystem.exists(to);
    if (isLeft && !isMoved) {
      throw failure;
    }

    return isMoved;
  }

  @Override
  public void discard() {
    if (!isClaimed) {
      remove(staged.getName()::equals);
    }
  }

  /** Removes what was staged, with such names, and the target if nothing else is there. */
  private void remove(Predicate<String> names) {
    try {
      List<Path> entries = entries();
      for (Path entry : entries) {
        if (names.test(entry.getName())) {
          fileSystem.delete(entry, true);
        }
      }

      if (entries.stream().map(Path::getName).allMatch(names)) {
        fileSystem.delete(target, false);
      }
    } catch (Exception e) { // clients of object stores throw unchecked ones too
      // Must not hide the failure that led here, nor make one of a run that has published.
      LOG.warn("Cannot remove what was staged in {}: {}", target, e.getMessage());
    }
  }

  private JobException publishedFirst() {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: %s appeared while this run was under way (another run published"
                .formatted(location())
            + " first)");
  }
}
