package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.PathBelow;
import io.sparknorm.spark.ReplaceableFile;
import io.sparknorm.spark.Visibility;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of files on a file system that renames folders atomically. Staged in a hidden folder
 * beside it and renamed into place, whole or partition by partition, by one run at a time. What is
 * replaced is set aside first, in another hidden folder, from where any later run puts it back if
 * this one does not come to its end.
 */
final class PathOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(PathOutput.class);

  /** How the marker of the run before is called once it is out of the target. */
  private static final String OLD_MARKER = "_sparknorm-before.json";

  /** How the folder of what was set aside is called once nobody is to put that back. */
  private static final String OLD_PARTITIONS = "_sparknorm-before";

  private final FileFormat format;
  private final Publisher publisher;
  private final FileSystem fileSystem;
  private final Path target;
  private final Path staged;
  private final Path entered;
  private final HiddenFolders folders;
  private final Replacement replacement;
  private final PublishingFolder publishing;
  private final PartitionFolders partitions;
  private StructType schema;

  PathOutput(FileFormat format, Publisher publisher, FileSystem fileSystem, Path target)
      throws IOException {
    this.format = format;
    this.publisher = publisher;
    this.fileSystem = fileSystem;
    this.target = target;
    checkRenamesAtomically();
    this.folders = new HiddenFolders(fileSystem, target);
    this.replacement = new Replacement(fileSystem, folders, target, publisher.attempt());
    this.publishing = new PublishingFolder(folders);
    this.staged = new Path(folders.sibling("staged-" + attempt()), attempt());
    this.entered = publishing.of(attempt());
    this.partitions = new PartitionFolders(fileSystem, format.spec());
  }

  /** Azure's accounts tell by their access lists what they are. */
  private void checkRenamesAtomically() throws IOException {
    if (target.toUri().getScheme().startsWith("abfs")
        && !fileSystem.hasPathCapability(target, CommonPathCapabilities.FS_ACLS)) {
      throw JobException.usage(
          "Invalid output.path: %s (its storage account has no hierarchical namespace, without which"
                  .formatted(location())
              + " no folder is renamed atomically; write to one that has, or to a Delta or Iceberg"
              + " table)");
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
  public Existing existing() {
    try {
      replacement.settle();
      if (!fileSystem.exists(target)) {
        return Existing.NOTHING;
      }

      Optional<String> publishedBy = RunMarker.read(fileSystem, target);
      if (publishedBy.stream().anyMatch(publisher.identity()::equals)) {
        tidyUp(publisher.configuration());
        return Existing.SAME_RUN;
      }

      if (replacesPartitions()) {
        partitions.within(target); // or fails, before work is wasted
      }

      return format.spec().ifExists() == IfExists.SKIP && publishedBy.isEmpty()
          ? unmarked()
          : Existing.OTHER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What may be skipped: an empty folder is no result, and one without a mark need be none. */
  private Existing unmarked() throws IOException {
    if (fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
      return Existing.OTHER;
    }

    checkIsNoLink(); // rather than remove it
    folders.removeIfEmpty(target);
    return fileSystem.exists(target) ? Existing.UNFINISHED : Existing.NOTHING;
  }

  /** What is beside it may be on another disk than what it leads to. */
  private void checkIsNoLink() {
    if (LocalFiles.isLink(target)) {
      throw JobException.usage(
          "Invalid output.path: %s (a symbolic link, where results are renamed into place from beside"
                  .formatted(location())
              + " it; write to where it leads)");
    }
  }

  @Override
  public void checkIsWritable() {
    checkIsNoLink();
    try {
      folders.makeAll(staged.getParent());
      fileSystem.delete(staged.getParent(), true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The marker comes first: where it is missing at the end, another attempt has removed what was
   * staged, and what is there now is a part.
   */
  @Override
  public void stage(Dataset<Row> rows) {
    schema = rows.schema();
    try {
      fileSystem.mkdirs(staged);
      RunMarker.write(fileSystem, staged, publisher.identity());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    format.write(rows, staged);
  }

  @Override
  public Dataset<Row> staged() {
    return format.read(staged, schema);
  }

  @Override
  public void checkIsStaged() {
    try {
      if (RunMarker.read(fileSystem, staged).isEmpty()) {
        throw publishedFirst(new FileNotFoundException(staged.toString()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void publish() {
    try {
      // First, for it would make a folder that another attempt has just removed, without rows.
      RunMarker.writeSuccess(fileSystem, staged);
      checkIsStaged();
      publishing.enter(staged.getParent());
      replacement.settle(); // what those who have been put out leave
      fileSystem.delete(new Path(entered, FileOutputCommitter.PENDING_DIR_NAME), true);
      if (format.spec().ifExists() == IfExists.REPLACE) {
        replaceWhole();
      } else if (!replacement.hasTarget()) {
        folders.move(entered, target);
        tidyUp(attempt());
      } else if (replacesPartitions()) {
        publishPartitions();
        tidyUp(attempt());
      } else {
        throw new FileAlreadyExistsException(target.toString());
      }
    } catch (FileAlreadyExistsException e) {
      throw publishedFirst(e);
    } catch (FileNotFoundException e) {
      throw putOut(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replaceWhole() throws IOException {
    Optional<Path> before = replacement.hasTarget() ? fileOfTheOldAlone() : Optional.empty();
    Optional<String> run = RunMarker.read(fileSystem, target);
    replacement.replaceAll(entered);
    tidyUp(attempt());
    if (isPutBack(before, run)) {
      throw new FileNotFoundException(new Path(target, RunMarker.NAME).toString());
    }
  }

  /** A file that is in the target and that this run moves none of the same name to. */
  private Optional<Path> fileOfTheOldAlone() throws IOException {
    Optional<Path> file = anyFile(target);
    boolean tellsTheOld =
        file.isPresent()
            && !file.get().equals(target) // which may be a file itself
            && !fileSystem.exists(PathBelow.of(entered, below(target, file.get())));
    return tellsTheOld ? file : Optional.empty();
  }

  /**
   * A run that was put out may have set this one's result aside on waking, and a third one that
   * finds two results aside does not know which is the last. It knows once the older is removed.
   * The older one is told by its marker, or by a file of it, from this run's, whose marker a
   * follower takes out.
   *
   * @param before a file of what was there
   * @param run whose result that was
   */
  private boolean isPutBack(Optional<Path> before, Optional<String> run) throws IOException {
    Optional<String> now = RunMarker.read(fileSystem, target);
    if (now.equals(Optional.of(publisher.identity()))) {
      return false;
    }

    return (run.isPresent() && now.equals(run)) || (before.isPresent() && isThere(before.get()));
  }

  private boolean replacesPartitions() {
    return format.spec().ifExists() == IfExists.REPLACE_PARTITIONS;
  }

  /**
   * The marker of the run before goes first, and this run's comes last: in between, what is there
   * is neither's result, and either of them that is started again is done from the beginning.
   */
  private void publishPartitions() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path folder : partitions.within(entered)) {
      files.add(anyFile(folder).orElseThrow(() -> new FileNotFoundException(folder.toString())));
    }

    takeMarkerOut();
    for (Path file : files) {
      replacement.replace(file.getParent(), below(entered, file.getParent()));
    }

    replacement.moveAside(new Path(entered, OLD_PARTITIONS)); // deleting it may take long
    checkAreThere(files);
    if (!fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
      move(RunMarker.SUCCESS);
    }

    move(RunMarker.NAME);
  }

  /**
   * A run that was put out may have set a partition of this one's aside on waking, and a third one
   * that finds two aside does not know which is the last. It knows once the older is away.
   *
   * @param files one of each partition, which is known by its name
   */
  private void checkAreThere(List<Path> files) throws IOException {
    for (Path file : files) {
      Path moved = new Path(target, below(entered, file));
      if (!isThere(moved)) {
        throw new FileNotFoundException(moved.toString());
      }
    }
  }

  /** A file that readers see in a folder or below, if there is one; Spark names no two alike. */
  private Optional<Path> anyFile(Path folder) throws IOException {
    for (FileStatus entry : openEntries(folder)) {
      if (Visibility.isVisible(entry.getPath().getName())) {
        Optional<Path> file =
            entry.isFile() ? Optional.of(entry.getPath()) : anyFile(entry.getPath());
        if (file.isPresent()) {
          return file;
        }
      }
    }

    return Optional.empty();
  }

  /** None of a folder in a result that is closed to whoever may replace the whole of it. */
  private List<FileStatus> openEntries(Path folder) throws IOException {
    try {
      return folders.entries(folder, "");
    } catch (AccessControlException | AccessDeniedException e) {
      return List.of();
    }
  }

  /** Whether a file is in the target, or comes back from where a run that was put out has it. */
  private boolean isThere(Path file) throws IOException {
    if (fileSystem.exists(file)) {
      return true;
    }

    replacement.settle();
    return fileSystem.exists(file);
  }

  private static String below(Path root, Path path) {
    return root.toUri().relativize(path.toUri()).getPath();
  }

  /**
   * Not by deleting it: where this run has been put out, it is the marker of who has done so. It is
   * looked for again where the target may have been away.
   */
  private void takeMarkerOut() throws IOException {
    Path marker = new Path(target, RunMarker.NAME);
    if (fileSystem.exists(marker) || (replacement.hasTarget() && fileSystem.exists(marker))) {
      ReplaceableFile.move(fileSystem, marker, new Path(entered, OLD_MARKER));
    }
  }

  private void move(String file) throws IOException {
    ReplaceableFile.move(fileSystem, new Path(entered, file), new Path(target, file));
  }

  @Override
  public void discard() {
    try {
      fileSystem.delete(staged.getParent(), true);
      publishing.leave(attempt());
    } catch (Exception e) { // clients of object stores throw unchecked ones too
      // Must not hide the failure that led here.
      LOG.warn("Cannot remove the staged output {}: {}", staged, e.getMessage());
    }
  }

  private JobException publishedFirst(Exception cause) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: %s appeared while this run was under way (another run published"
                .formatted(location())
            + " first)",
        cause);
  }

  private JobException putOut(FileNotFoundException cause) {
    return new JobException(
        LeavingStatus.TRY_AGAIN,
        "Cannot publish output: another run has begun to publish to %s (start this one again once"
                .formatted(location())
            + " that has ended)",
        cause);
  }

  /**
   * Removes what is left of a run that is published, which no failure undoes: the next run tries
   * again.
   *
   * @param attempts how the names begin of those whose folders may go
   */
  private void tidyUp(String attempts) {
    try {
      replacement.removeAside();
      publishing.leave(attempts);
      removeStaged();
    } catch (IOException e) {
      LOG.warn("Cannot remove what is left beside {}: {}", target, e.getMessage());
    }
  }

  /** Removes what earlier attempts at the same job have staged, killed or beaten ones. */
  private void removeStaged() throws IOException {
    for (FileStatus leftover : folders.siblings("staged-" + publisher.configuration())) {
      folders.remove(leftover.getPath());
    }
  }

  /** The same beginning for all attempts at the same job. */
  private String attempt() {
    return publisher.configuration() + "-" + publisher.attempt();
  }
}
