package io.sparknorm.spark.output;

import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
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
 * of its own run writes the {@code _SUCCESS} that is missing. An attempt that was taken over while
 * it was writing removes its own files.
 */
final class ObjectStoreOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectStoreOutput.class);
  private static final Pattern CLAIM = Pattern.compile("_sparknorm-claim-([0-9]{1,9})\\.json");
  private static final String COMPLETE = "complete";

  /** How Spark names the files of one write. */
  private static final Pattern PART =
      Pattern.compile("part-(?:[0-9a-f]{8}-)?[0-9]+-([0-9a-f-]{36})\\b.*");

  private final FileFormat format;
  private final Publisher publisher;
  private final FileSystem fileSystem;
  private final Path target;
  private StructType schema;
  private Optional<Claim> own = Optional.empty();

  /** An attempt's right to write. */
  private record Claim(int number, Path file) {}

  ObjectStoreOutput(FileFormat format, Publisher publisher, FileSystem fileSystem, Path target) {
    this.format = format;
    this.publisher = publisher;
    this.fileSystem = fileSystem;
    this.target = target;
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
  public Existing existing() {
    try {
      if (!fileSystem.exists(target)) {
        return Existing.NOTHING;
      }

      if (fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
        Optional<String> publishedBy = RunMarker.read(fileSystem, target);
        if (publishedBy.stream().noneMatch(publisher.identity()::equals)) {
          return Existing.OTHER;
        }

        removeClaims();
        return Existing.SAME_RUN;
      }

      Optional<Claim> newest = newestClaim();
      if (!isOurs(newest)) {
        return Existing.OTHER;
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

  private boolean isOurs(Optional<Claim> claim) throws IOException {
    return claim.isPresent()
        && RunMarker.readFile(fileSystem, claim.get().file()).stream()
            .anyMatch(publisher.identity()::equals);
  }

  /** Whether whoever made the claim had written all. */
  private boolean isComplete(Optional<Claim> claim) throws IOException {
    return claim.isPresent()
        && RunMarker.readField(fileSystem, claim.get().file(), COMPLETE).isPresent();
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
    format.writeUnmarked(rows, target, fileName());
    checkOwnsTarget();
  }

  /** How the names of this attempt's files begin. */
  private String fileName() {
    return "part-" + publisher.attempt();
  }

  private void checkOwnsTarget() {
    try {
      if (!newestClaim().equals(own)) {
        throw publishedFirst();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From here on what is at the target is this attempt's, to publish or to remove. */
  private void claim() throws IOException {
    Optional<Claim> before = newestClaim();
    if (before.isEmpty() ? fileSystem.exists(target) : !isOurs(before) || isComplete(before)) {
      throw publishedFirst();
    }

    Claim claim = create(before.map(Claim::number).orElse(0) + 1, Map.of());
    if (fileSystem.exists(new Path(target, RunMarker.SUCCESS))) {
      // Free only because the attempt that had the number has published and removed its claims.
      fileSystem.delete(claim.file(), false);
      throw publishedFirst();
    }

    own = Optional.of(claim);
    for (FileStatus entry : fileSystem.listStatus(target)) {
      if (!CLAIM.matcher(entry.getPath().getName()).matches()) {
        fileSystem.delete(entry.getPath(), true);
      }
    }
  }

  /**
   * Makes the claim of a number.
   *
   * @throws JobException if another attempt has it
   */
  private Claim create(int number, Map<String, String> more) throws IOException {
    Path file = new Path(target, "_sparknorm-claim-%d.json".formatted(number));
    Map<String, String> fields = new TreeMap<>(more);
    fields.put("attempt", publisher.attempt());
    byte[] content = RunMarker.content(publisher.identity(), fields);
    if (ExclusiveFile.create(fileSystem, file, out -> out.write(content)).isEmpty()) {
      throw publishedFirst();
    }

    return new Claim(number, file);
  }

  @Override
  public Dataset<Row> staged() {
    return format.read(target, schema);
  }

  @Override
  public void publish() {
    checkOwnsTarget();
    try {
      checkIsOneWrite();
      create(own.orElseThrow().number() + 1, Map.of(COMPLETE, "true"));
      own = Optional.empty();
      finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void finish() throws IOException {
    RunMarker.write(fileSystem, target, publisher.identity());
    RunMarker.writeSuccess(fileSystem, target);
    removeClaims();
  }

  /** An earlier attempt that still lives may have added files of its own: each record twice. */
  private void checkIsOneWrite() throws IOException {
    Set<String> writes = new HashSet<>();
    RemoteIterator<LocatedFileStatus> files = fileSystem.listFiles(target, true);
    while (files.hasNext()) {
      Matcher part = PART.matcher(files.next().getPath().getName());
      if (part.matches()) {
        writes.add(part.group(1));
      }
    }

    if (writes.size() > 1) {
      throw new JobException(
          LeavingStatus.TRY_AGAIN,
          "Cannot publish output: another attempt at this run has written to %s meanwhile (let it"
                  .formatted(location())
              + " end, then start the run again)");
    }
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
    if (newestClaim().equals(own) || isAbandoned()) {
      fileSystem.delete(target, true);
      return;
    }

    RemoteIterator<LocatedFileStatus> files = fileSystem.listFiles(target, true);
    while (files.hasNext()) {
      Path file = files.next().getPath();
      if (file.getName().startsWith(fileName())) {
        fileSystem.delete(file, false);
      }
    }
  }

  /** Whether an earlier attempt has removed all there was, this one's claim too. */
  private boolean isAbandoned() throws IOException {
    return claims().isEmpty() && !fileSystem.exists(new Path(target, RunMarker.SUCCESS));
  }

  private void removeClaims() throws IOException {
    for (Claim claim : claims()) {
      fileSystem.delete(claim.file(), false);
    }
  }

  private Optional<Claim> newestClaim() throws IOException {
    return claims().stream().max(Comparator.comparingInt(Claim::number));
  }

  private List<Claim> claims() throws IOException {
    List<Claim> claims = new ArrayList<>();
    try {
      for (FileStatus entry : fileSystem.listStatus(target)) {
        Matcher claim = CLAIM.matcher(entry.getPath().getName());
        if (claim.matches()) {
          claims.add(new Claim(Integer.parseInt(claim.group(1)), entry.getPath()));
        }
      }
    } catch (FileNotFoundException e) {
      return claims; // nobody has begun
    }

    return claims;
  }

  private JobException publishedFirst() {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: %s appeared while this run was under way (another run published"
                .formatted(location())
            + " first)");
  }
}
