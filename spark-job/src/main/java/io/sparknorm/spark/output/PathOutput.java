package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ReplaceableFile;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of files on a file system that renames folders atomically. Staged in a hidden folder
 * beside it and renamed into place, whole or partition by partition. What is replaced is set aside
 * first, in another hidden folder, from where any later run puts it back if this one does not come
 * to its end.
 */
final class PathOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(PathOutput.class);

  private final FileFormat format;
  private final Publisher publisher;
  private final FileSystem fileSystem;
  private final Path target;
  private final Path staged;
  private final Replacement replacement;
  private final PartitionFolders partitions;
  private StructType schema;

  PathOutput(FileFormat format, Publisher publisher, FileSystem fileSystem, Path target)
      throws IOException {
    this.format = format;
    this.publisher = publisher;
    this.fileSystem = fileSystem;
    this.target = target;
    this.staged = new Path(target.getParent(), stagedPrefix() + publisher.attempt());
    this.replacement = new Replacement(fileSystem, target, publisher.attempt());
    this.partitions = new PartitionFolders(fileSystem, format.spec());
  }

  @Override
  public String location() {
    return format.spec().location();
  }

  @Override
  public boolean holds(InputSpec input, Set<String> files) {
    return Output.isOrHolds(target, fileSystem, input, files);
  }

  @Override
  public Existing existing() {
    try {
      replacement.settle();
      if (!fileSystem.exists(target)) {
        return Existing.NOTHING;
      }

      if (RunMarker.read(fileSystem, target).stream().anyMatch(publisher.identity()::equals)) {
        removeStaged();
        return Existing.SAME_RUN;
      }

      if (replacesPartitions()) {
        partitions.within(target); // or fails, before work is wasted
      }

      return Existing.OTHER;
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
      if (replacesPartitions() && fileSystem.exists(target)) {
        publishPartitions();
      } else {
        publishWhole();
      }

      replacement.settle();
      removeStaged();
    } catch (FileAlreadyExistsException | FileNotFoundException e) {
      throw publishedFirst(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void publishWhole() throws IOException {
    if (format.spec().ifExists() == IfExists.REPLACE) {
      replacement.replaceAll(staged);
    } else {
      replacement.moveIn(staged, target);
    }
  }

  private boolean replacesPartitions() {
    return format.spec().ifExists() == IfExists.REPLACE_PARTITIONS;
  }

  /**
   * The marker of the run before goes first, and this run's comes last: in between, what is there
   * is neither's result, and either of them that is started again is done from the beginning.
   */
  private void publishPartitions() throws IOException {
    List<Path> folders = partitions.within(staged);
    fileSystem.delete(new Path(target, RunMarker.NAME), false);
    for (Path folder : folders) {
      replacement.replace(folder, staged.toUri().relativize(folder.toUri()).getPath());
    }

    RunMarker.writeSuccess(fileSystem, target);
    Path marker = new Path(staged, RunMarker.NAME);
    ReplaceableFile.move(fileSystem, marker, new Path(target, RunMarker.NAME));
  }

  @Override
  public void discard() {
    try {
      fileSystem.delete(staged, true);
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

  /** Removes what earlier attempts at the same job have staged, killed or beaten ones. */
  private void removeStaged() throws IOException {
    for (FileStatus leftover : replacement.siblings(stagedPrefix())) {
      replacement.remove(leftover.getPath());
    }
  }

  private String stagedPrefix() {
    return "_%s.sparknorm-staged-%s-".formatted(target.getName(), publisher.configuration());
  }
}
