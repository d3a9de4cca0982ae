package io.sparknorm.spark.output;

import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.models.InputIdentity;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
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
 * run takes over from an earlier one that left no {@code _SUCCESS}, and removes what that wrote;
 * the earlier one, should it still live, finds the newer claim and does not publish.
 */
final class ObjectStoreOutput implements Output {
  private static final Logger LOG = LoggerFactory.getLogger(ObjectStoreOutput.class);
  private static final Pattern CLAIM = Pattern.compile("_sparknorm-claim-([0-9]{1,9})\\.json");

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
  public boolean holds(InputSpec input, InputIdentity identity) {
    return identity.files().stream().anyMatch(file -> file.path().startsWith(target + "/"));
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

      return isOurs(newestClaim()) ? Existing.NOTHING : Existing.OTHER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isOurs(Optional<Claim> claim) throws IOException {
    return claim.isPresent()
        && RunMarker.readFile(fileSystem, claim.get().file()).stream()
            .anyMatch(publisher.identity()::equals);
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
    format.write(rows, target, false);
  }

  /** From here on what is at the target is this attempt's, to publish or to remove. */
  private void claim() throws IOException {
    Optional<Claim> before = newestClaim();
    if (before.isEmpty() ? fileSystem.exists(target) : !isOurs(before)) {
      throw publishedFirst();
    }

    int number = before.map(Claim::number).orElse(0) + 1;
    Path file = new Path(target, "_sparknorm-claim-%d.json".formatted(number));
    byte[] content =
        "{\"run_identity\":\"%s\",\"attempt\":\"%s\"}"
            .formatted(publisher.identity(), publisher.attempt())
            .getBytes(StandardCharsets.UTF_8);
    if (ExclusiveFile.create(fileSystem, file, out -> out.write(content)).isEmpty()) {
      throw publishedFirst();
    }

    own = Optional.of(new Claim(number, file));
    for (FileStatus entry : fileSystem.listStatus(target)) {
      if (!CLAIM.matcher(entry.getPath().getName()).matches()) {
        fileSystem.delete(entry.getPath(), true);
      }
    }
  }

  @Override
  public Dataset<Row> staged() {
    return format.read(target, schema);
  }

  @Override
  public void publish() {
    try {
      if (!newestClaim().equals(own)) {
        throw publishedFirst();
      }

      RunMarker.write(fileSystem, target, publisher.identity());
      RunMarker.writeSuccess(fileSystem, target);
      own = Optional.empty();
      removeClaims();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void discard() {
    try {
      if (own.isPresent() && newestClaim().equals(own)) {
        fileSystem.delete(target, true);
      }

      own = Optional.empty();
    } catch (IOException e) {
      // Must not hide the failure that led here.
      LOG.warn("Cannot remove the unpublished output {}: {}", target, e.getMessage());
    }
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
