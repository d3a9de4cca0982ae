package io.sparknorm.spark.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.Listing;
import io.sparknorm.spark.LocalFiles;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The files of a store: where they are, and what is said of one that is not as it should be. */
final class StoreFiles {
  private static final Pattern VERSION = Pattern.compile("v=([1-9][0-9]{0,8})");

  private final Path root;
  private final FileSystem fileSystem;

  StoreFiles(String path, Configuration hadoop) throws IOException {
    Path given = new Path(path);
    this.fileSystem = given.getFileSystem(hadoop);
    this.root = fileSystem.makeQualified(given);
    if (LocalFiles.hold(fileSystem.getUri())) {
      LocalFiles.path(fileSystem, root); // throws before anything is published, not after
    }
  }

  Path root() {
    return root;
  }

  FileSystem fileSystem() {
    return fileSystem;
  }

  /** The folder of a model. */
  Path folder(String name) {
    ModelId.checkName(name);
    return new Path(root, name);
  }

  /** The folder of a version. */
  Path folder(ModelId id) {
    return new Path(folder(id.name()), "v=" + id.version());
  }

  /** What makes a version exist. */
  Path manifest(ModelId id) {
    return new Path(folder(id), "manifest.json");
  }

  boolean exists(ModelId id) throws IOException {
    return fileSystem.exists(manifest(id));
  }

  /** Whether a version was published and is removed, or about to be; its number is used up. */
  boolean isPruned(ModelId id) throws IOException {
    return fileSystem.exists(prunedMark(id));
  }

  /** A file whose being there says that a version is pruned. */
  Path prunedMark(ModelId id) {
    return new Path(new Path(folder(id.name()), "pruned"), "v=" + id.version());
  }

  /** What is in a folder; nothing if it is not there. */
  List<FileStatus> list(Path folder) throws IOException {
    return Listing.of(fileSystem, folder);
  }

  /** The versions of a model that have a folder, published or not, in ascending order. */
  List<ModelId> folders(String name) throws IOException {
    List<Integer> numbers = new ArrayList<>();
    for (FileStatus entry : list(folder(name))) {
      Matcher version = VERSION.matcher(entry.getPath().getName());
      if (version.matches()) {
        numbers.add(Integer.valueOf(version.group(1)));
      }
    }

    Collections.sort(numbers);
    return numbers.stream().map(number -> new ModelId(name, number)).toList();
  }

  InputStream open(Path file) throws IOException {
    return new BufferedInputStream(fileSystem.open(file));
  }

  /** A payload's path, once its content has proved to be what was published. */
  Path verified(ModelId id, Payload payload) throws IOException {
    Path file = new Path(folder(id), payload.file());
    FileDigest found;
    try {
      found = FileDigest.of(fileSystem, file);
    } catch (FileNotFoundException e) {
      throw unreadable(file, "it is missing, though the manifest names it", e);
    }

    if (found.length() != payload.digest().length()) {
      throw unreadable(
          file,
          "it has %d bytes (expected %d)".formatted(found.length(), payload.digest().length()));
    }

    if (!found.equals(payload.digest())) {
      throw unreadable(
          file,
          "its SHA-256 is %s (expected %s)".formatted(found.sha256(), payload.digest().sha256()));
    }

    return file;
  }

  /** What {@link #read} carries out. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /** Turns whatever is wrong with a file's content into a refusal that names the file. */
  static <T> T read(Path file, Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw unreadable(file, "line %d: %s".formatted(line, e.getOriginalMessage()), e);
    } catch (IllegalArgumentException e) {
      throw unreadable(file, e.getMessage(), e);
    }
  }

  static JobException unreadable(Path file, String why) {
    return unreadable(file, why, null);
  }

  static JobException unreadable(Path file, String why, Throwable cause) {
    return new JobException(LeavingStatus.DATA, "Cannot read %s: %s".formatted(file, why), cause);
  }
}
