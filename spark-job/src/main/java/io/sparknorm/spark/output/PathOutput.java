package io.sparknorm.spark.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.ParquetWriter;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.output.parquet.BulkParquetFormat;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of files. Staged in a hidden folder beside it and renamed into place, where the file
 * system renames folders atomically. An object store does not: there a run writes to a new path,
 * which is complete once {@code _SUCCESS} is there, and replacing is refused.
 */
final class PathOutput implements Output {
  /** Beside the data, and hidden from readers as every name with an underscore is. */
  static final String MARKER = "_sparknorm.json";

  private static final String SUCCESS = "_SUCCESS";
  private static final Set<String> OBJECT_STORES =
      Set.of("s3", "s3a", "s3n", "gs", "wasb", "wasbs", "oss", "cosn", "obs");
  private static final Logger LOG = LoggerFactory.getLogger(PathOutput.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OutputSpec spec;
  private final String runIdentity;
  private final FileSystem fileSystem;
  private final FileContext fileContext;
  private final Path target;
  private final Path staged;
  private final Path replaced;
  private boolean isClaimed;

  PathOutput(OutputSpec spec, String runIdentity, Configuration hadoop) {
    this.spec = spec;
    this.runIdentity = runIdentity;
    String location = spec.path().orElseThrow();
    try {
      this.fileSystem = new Path(location).getFileSystem(hadoop);
      this.target = fileSystem.makeQualified(new Path(location));
      this.fileContext = FileContext.getFileContext(target.toUri(), hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    boolean renames = !OBJECT_STORES.contains(target.toUri().getScheme());
    if (!renames && spec.ifExists() == IfExists.REPLACE) {
      throw JobException.usage(
          "Invalid output.if-exists: replace (%s is on an object store, which cannot replace a folder"
                  .formatted(location)
              + " atomically; write to a new path, or to a Delta or Iceberg table)");
    }

    String attempt = UUID.randomUUID().toString().substring(0, 8);
    this.staged = renames ? sibling(stagedPrefix() + attempt) : target;
    this.replaced = sibling(replacedPrefix() + attempt);
  }

  @Override
  public String location() {
    return spec.location();
  }

  @Override
  public boolean holds(InputIdentity input) {
    return input.files().stream().anyMatch(file -> file.path().startsWith(target + "/"));
  }

  @Override
  public Existing existing() {
    try {
      if (!fileSystem.exists(target)) {
        return restoreReplaced() ? existing() : Existing.NOTHING;
      }

      return runIdentity.equals(publishedIdentity()) ? Existing.SAME_RUN : Existing.OTHER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stage(Dataset<Row> rows) {
    if (isDirect()) {
      claim();
    }

    rows.write()
        .format(format())
        .options(spec.options())
        // A reader on an object store goes by this file: it is for publish() to write.
        .option("mapreduce.fileoutputcommitter.marksuccessfuljobs", !isDirect())
        .mode("errorifexists")
        .save(staged.toString());
  }

  private String format() {
    String format = spec.format().orElseThrow();
    return format.equalsIgnoreCase("parquet") && spec.writer() == ParquetWriter.BULK
        ? BulkParquetFormat.NAME
        : format;
  }

  @Override
  public void publish() {
    try {
      writeMarker();
      isClaimed = false;
      if (!isDirect()) {
        moveIntoPlace();
      }

      removeLeftovers();
    } catch (FileAlreadyExistsException e) {
      throw publishedFirst(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void discard() {
    try {
      if (!isDirect() || isClaimed) {
        fileSystem.delete(staged, true);
      }
    } catch (IOException e) {
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

  /** Whether the output is written where it stays, as on an object store. */
  private boolean isDirect() {
    return staged.equals(target);
  }

  /** From here on what is at the target is this attempt's, to publish or to remove. */
  private void claim() {
    try {
      if (fileSystem.exists(target)) {
        throw new FileAlreadyExistsException(target.toString());
      }

      isClaimed = true;
    } catch (FileAlreadyExistsException e) {
      throw publishedFirst(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void moveIntoPlace() throws IOException {
    boolean replacing = spec.ifExists() == IfExists.REPLACE && fileSystem.exists(target);
    if (replacing) {
      fileContext.rename(target, replaced, Options.Rename.NONE);
    }

    try {
      fileContext.rename(staged, target, Options.Rename.NONE);
    } catch (IOException e) {
      if (replacing && !fileSystem.exists(target)) {
        fileContext.rename(replaced, target, Options.Rename.NONE);
      }

      throw e;
    }
  }

  private void writeMarker() throws IOException {
    try (FSDataOutputStream out = fileSystem.create(new Path(staged, MARKER), true)) {
      out.write(marker().getBytes(StandardCharsets.UTF_8));
      out.hsync();
    }

    Path success = new Path(staged, SUCCESS);
    if (!fileSystem.exists(success)) {
      fileSystem.create(success, false).close();
    }
  }

  private String marker() throws JsonProcessingException {
    return JSON.writeValueAsString(Map.of("run_identity", runIdentity));
  }

  /** The identity of the run that published the target, or null if no run did. */
  private String publishedIdentity() throws IOException {
    try (InputStream in = fileSystem.open(new Path(target, MARKER))) {
      return JSON.readTree(in).path("run_identity").textValue();
    } catch (FileNotFoundException | JsonProcessingException e) {
      return null;
    }
  }

  /** Puts back what a replacement that was cut off between its two renames had set aside. */
  private boolean restoreReplaced() throws IOException {
    for (FileStatus leftover : siblings(replacedPrefix())) {
      fileContext.rename(leftover.getPath(), target, Options.Rename.NONE);
      return true;
    }

    return false;
  }

  /** Removes what earlier attempts at the same run, and finished replacements, left behind. */
  private void removeLeftovers() throws IOException {
    for (String prefix : new String[] {replacedPrefix(), stagedPrefix()}) {
      for (FileStatus leftover : siblings(prefix)) {
        fileSystem.delete(leftover.getPath(), true);
      }
    }
  }

  private FileStatus[] siblings(String prefix) throws IOException {
    Path parent = target.getParent();
    if (parent == null || !fileSystem.exists(parent)) {
      return new FileStatus[0];
    }

    return fileSystem.listStatus(parent, path -> path.getName().startsWith(prefix));
  }

  private Path sibling(String name) {
    return new Path(target.getParent(), name);
  }

  private String stagedPrefix() {
    return "_%s.sparknorm-staged-%s-".formatted(target.getName(), runIdentity.substring(0, 16));
  }

  private String replacedPrefix() {
    return "_%s.sparknorm-replaced-".formatted(target.getName());
  }
}
