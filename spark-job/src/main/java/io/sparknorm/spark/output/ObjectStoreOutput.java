package io.sparknorm.spark.output;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.output.Claims.Claim;
import io.sparknorm.spark.output.Claims.Written;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * <p>Who writes to the path is settled by claims: files with ascending numbers, each created
 * exclusively. A path with a claim of another run is somebody else's. A later attempt at the same
 * run takes over from an earlier one that left no {@code _SUCCESS}, and removes what that wrote.
 * Publishing takes one more claim, which says that all is there: either the earlier attempt makes
 * it, and the later one finds the number taken, or the other way round. Whoever finds such a claim
 * of its own run, and the files that it tells of, writes the {@code _SUCCESS} that is missing. An
 * attempt that was taken over while it was writing removes its own files.
 */
final class ObjectStoreOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectStoreOutput.class);

  /** How Spark names the files of one write, whichever attempt's. */
  private static final Pattern PART =
      Pattern.compile("part-(?:[0-9a-f]{8}-)?[0-9]+-([0-9a-f-]{36})\\b.*");

  private final FileFormat format;
  private final Publisher publisher;
  private final FileSystem fileSystem;
  private final Path target;
  private final Claims claims;
  private StructType schema;
  private Optional<Claim> own = Optional.empty();
  private Written written;

  /** How many files that readers see are at the target, an attempt's and those of others. */
  private record Held(int own, int others) {
    static Held of(List<Path> files, String names) {
      int own = 0;
      int others = 0;
      for (Path file : files) {
        if (file.getName().contains(names)) {
          own++;
        } else if (PART.matcher(file.getName()).matches()) {
          others++;
        }
      }

      return new Held(own, others);
    }
  }

  ObjectStoreOutput(FileFormat format, Publisher publisher, FileSystem fileSystem, Path target) {
    this.format = format;
    this.publisher = publisher;
    this.fileSystem = fileSystem;
    this.target = target;
    this.claims = new Claims(fileSystem, target, publisher);
    this.written = new Written(fileName(publisher.attempt()), 0);
    IfExists ifExists = format.spec().ifExists();
    if (ifExists == IfExists.REPLACE || ifExists == IfExists.REPLACE_PARTITIONS) {
      throw JobException.usage(
          "Invalid output.if-exists: %s (%s is on an object store, which cannot replace a folder"
                  .formatted(ifExists.key(), location())
              + " atomically; write to a new path, such as one with {run}, or to a Delta or Iceberg"
              + " table)");
    }
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
  public boolean isReplaceable() {
    return false;
  }

  @Override
  public Existing existing() {
    try {
      if (!fileSystem.exists(target)) {
        return Existing.NOTHING;
      }

      // Read first: whoever publishes writes _SUCCESS before the claims go.
      Optional<Claim> newest = claims.newest();
      if (fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
        return published();
      }

      if (!isOurs(newest)) {
        return Existing.UNFINISHED;
      }

      if (!isComplete(newest)) {
        return Existing.NOTHING;
      }

      finish();
      return Existing.SAME_RUN;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Existing published() throws IOException {
    Optional<String> publishedBy = RunMarker.read(fileSystem, target);
    if (publishedBy.stream().noneMatch(publisher.identity()::equals)) {
      return Existing.OTHER;
    }

    claims.removeAll();
    return Existing.SAME_RUN;
  }

  private boolean isOurs(Optional<Claim> claim) {
    return claim.filter(some -> some.run().equals(publisher.identity())).isPresent();
  }

  /** Whether whoever made the claim had written all, and that and nothing else is there. */
  private boolean isComplete(Optional<Claim> claim) throws IOException {
    return claim.isPresent()
        && claim.get().written().isPresent()
        && holdsNothingBut(claim.get().written().get());
  }

  @Override
  public void stage(Dataset<Row> rows) {
    schema = rows.schema();
    try {
      claim();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    // A reader goes by _SUCCESS: it is for publish() to write.
    format.writeUnmarked(rows, target, fileName(publisher.attempt()));
    try {
      written = written();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    checkOwnsTarget();
  }

  /** How the names of an attempt's files begin. */
  private static String fileName(String attempt) {
    return "part-" + attempt;
  }

  /** Spark before 4.0 gives files no name but that of the write, which only they tell. */
  private Written written() throws IOException {
    String attempt = fileName(publisher.attempt());
    List<Path> files = files();
    Set<String> writes = new TreeSet<>();
    for (Path file : files) {
      Matcher part = PART.matcher(file.getName());
      if (part.matches()) {
        writes.add(file.getName().startsWith(attempt) ? attempt : part.group(1));
      }
    }

    String names = writes.size() == 1 ? writes.iterator().next() : attempt;
    return new Written(names, Held.of(files, names).own());
  }

  private void checkOwnsTarget() {
    try {
      if (!claims.newest().equals(own)) {
        throw publishedFirst();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From here on what is at the target is this attempt's, to publish or to remove. */
  private void claim() throws IOException {
    Optional<Claim> before = claims.newest();
    if (before.isEmpty() ? fileSystem.exists(target) : !isOurs(before) || isComplete(before)) {
      throw publishedFirst();
    }

    own = Optional.of(create(before.map(Claim::number).orElse(0) + 1, Optional.empty()));
    checkOwnsTarget(); // the number may be one that a rival with a higher one has made free
    if (fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
      // Free only because the attempt that had the number has published and removed its claims.
      fileSystem.delete(own.get().file(), false);
      own = Optional.empty();
      throw publishedFirst();
    }

    for (FileStatus entry : fileSystem.listStatus(target)) {
      if (!Claims.isClaim(entry.getPath())) {
        fileSystem.delete(entry.getPath(), true);
      }
    }
  }

  private Claim create(int number, Optional<Written> all) throws IOException {
    return claims.create(number, all).orElseThrow(this::publishedFirst);
  }

  @Override
  public Dataset<Row> staged() {
    return format.read(target, schema);
  }

  @Override
  public void checkIsStaged() {
    checkOwnsTarget();
    try {
      checkHoldsWhatWasWritten();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void publish() {
    checkOwnsTarget();
    try {
      checkHoldsWhatWasWritten();
      Optional<Claim> before = own;
      Claim complete = create(before.orElseThrow().number() + 1, Optional.of(written));
      own = Optional.empty(); // another attempt may finish it from here on
      if (!isComplete(Optional.of(complete))) {
        // Free only because an attempt that had taken over has failed, and removed all there was.
        fileSystem.delete(complete.file(), false);
        own = before;
        throw publishedFirst();
      }

      finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void finish() throws IOException {
    RunMarker.write(fileSystem, target, publisher.identity());
    RunMarker.writeSuccess(fileSystem, target);
    claims.removeAll();
  }

  /** An earlier attempt that still lives may have added files of its own: each record twice. */
  private void checkHoldsWhatWasWritten() throws IOException {
    Held held = Held.of(files(), written.names());
    if (held.others() > 0) {
      throw new JobException(
          LeavingStatus.TRY_AGAIN,
          "Cannot publish output: another attempt at this run has written to %s meanwhile (let it"
                  .formatted(location())
              + " end, then start the run again)");
    }

    if (held.own() != written.files()) {
      throw new JobException(
          LeavingStatus.TRY_AGAIN,
          "Cannot publish output: of %d files that this run has written to %s %d are left (start it"
                  .formatted(written.files(), location(), held.own())
              + " again)");
    }
  }

  private boolean holdsNothingBut(Written all) throws IOException {
    return Held.of(files(), all.names()).equals(new Held(all.files(), 0));
  }

  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> listed = fileSystem.listFiles(target, true);
    while (listed.hasNext()) {
      files.add(listed.next().getPath());
    }

    return files;
  }

  @Override
  public void discard() {
    try {
      if (own.isPresent()) {
        removeOwn();
      }

      own = Optional.empty();
    } catch (Exception e) { // clients of object stores throw unchecked ones too
      // Must not hide the failure that led here.
      LOG.warn("Cannot remove the unpublished output {}: {}", target, e.getMessage());
    }
  }

  private void removeOwn() throws IOException {
    if (claims.newest().equals(own) || isAbandoned()) {
      fileSystem.delete(target, true);
      return;
    }

    for (Path file : files()) {
      if (file.getName().contains(written.names())) {
        fileSystem.delete(file, false);
      }
    }
  }

  /** Whether an earlier attempt has removed all there was, this one's claim too. */
  private boolean isAbandoned() throws IOException {
    return claims.newest().isEmpty() && !fileSystem.exists(new Path(target, RunMarker.SUCCESS));
  }

  private JobException publishedFirst() {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: %s appeared while this run was under way (another run published"
                .formatted(location())
            + " first)");
  }
}
