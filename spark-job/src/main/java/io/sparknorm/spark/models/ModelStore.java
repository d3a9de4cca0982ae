package io.sparknorm.spark.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of models on any Hadoop file system: {@code <store>/<model>/v=<n>/manifest.json} with
 * the files that it names beside it. A folder that is not there is an empty store.
 *
 * <p>Published versions never change. The manifest is created last and exclusively, and a version
 * without one does not exist: there are no locks, and writers who want the same number race for the
 * manifest. What a writer that was killed leaves behind is named by no manifest and never read.
 *
 * <p>Safe for use by many threads and processes at once.
 */
public final class ModelStore {
  private static final Pattern VERSION = Pattern.compile("v=([1-9][0-9]{0,8})");
  private static final String MANIFEST = "manifest.json";

  private final Path root;
  private final FileSystem fileSystem;

  public ModelStore(String path, Configuration hadoop) throws IOException {
    Path given = new Path(path);
    this.fileSystem = given.getFileSystem(hadoop);
    this.root = fileSystem.makeQualified(given);
  }

  /** The models that have a version, in alphabetical order. */
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    for (FileStatus entry : list(root)) {
      String name = entry.getPath().getName();
      if (entry.isDirectory() && ModelReference.isName(name) && latest(name).isPresent()) {
        names.add(name);
      }
    }

    Collections.sort(names);
    return names;
  }

  /** The versions of a model, oldest first; empty if there is no such model. */
  public List<ModelId> versions(String name) throws IOException {
    List<ModelId> versions = new ArrayList<>();
    for (int number : numbers(name)) {
      ModelId id = new ModelId(name, number);
      if (exists(id)) {
        versions.add(id);
      }
    }

    return versions;
  }

  /** The newest version of a model; empty if there is no such model. */
  public Optional<ModelId> latest(String name) throws IOException {
    List<Integer> numbers = numbers(name);
    for (int i = numbers.size() - 1; i >= 0; i--) {
      ModelId id = new ModelId(name, numbers.get(i));
      if (exists(id)) {
        return Optional.of(id);
      }
    }

    return Optional.empty();
  }

  /** The version that an earlier attempt of the same run has published. */
  public Optional<ModelId> published(String name, String runIdentity) throws IOException {
    return published(versions(name), runIdentity);
  }

  /**
   * Reads a version's manifest.
   *
   * @throws JobException if there is no such version, or its manifest is not one
   */
  public Manifest manifest(ModelId id) throws IOException {
    try (InputStream in = open(id)) {
      Manifest manifest = reading(file(id, MANIFEST), () -> ManifestFile.read(in));
      if (!manifest.id().equals(id)) {
        throw unreadable(file(id, MANIFEST), "it belongs to " + manifest.id());
      }

      return manifest;
    }
  }

  /**
   * Reads a version without its moments, which applying it does not need.
   *
   * @throws JobException if there is no such version, or one of its files is not what was published
   */
  public Model load(ModelId id) throws IOException {
    return load(manifest(id));
  }

  /**
   * Reads the exact state that a version was derived from; empty if its norm needs none.
   *
   * @throws JobException if there is no such version, or one of its files is not what was published
   */
  public Optional<Moments> moments(ModelId id) throws IOException {
    Manifest manifest = manifest(id);
    if (manifest.moments().isEmpty()) {
      return Optional.empty();
    }

    Path file = verified(id, manifest.moments().get());
    int expected = Draft.momentChannels(manifest.spec(), manifest.type());
    try (DataInputStream in = new DataInputStream(buffered(file))) {
      Moments moments = reading(file, () -> Moments.read(in));
      if (moments.channels() != expected) {
        throw unreadable(
            file, "it has %d channels (expected %d)".formatted(moments.channels(), expected));
      }

      return Optional.of(moments);
    }
  }

  /**
   * Publishes a draft as the next version of a model, unless an earlier attempt of the same run has
   * done so. Whoever loses the race for a number takes the winner for its parent, moves the running
   * statistics on from there and tries the next number.
   *
   * @throws JobException if the running statistics cannot go on from the version before
   */
  public Publication publish(String name, Draft draft) throws IOException {
    while (true) {
      // One listing for both questions: a version of this run that is not seen here takes the
      // number that is tried below.
      List<ModelId> versions = versions(name);
      Optional<ModelId> repeated = published(versions, draft.provenance().runIdentity());
      if (repeated.isPresent()) {
        return new Publication(repeated.get(), true);
      }

      Optional<ModelId> id = tryPublish(name, versions, draft);
      if (id.isPresent()) {
        return new Publication(id.get(), false);
      }
    }
  }

  /** Empty if somebody else has taken the number after the last of these. */
  private Optional<ModelId> tryPublish(String name, List<ModelId> versions, Draft draft)
      throws IOException {
    Optional<Model> before = Optional.empty();
    OptionalInt parent = OptionalInt.empty();
    if (!versions.isEmpty()) {
      ModelId latest = versions.get(versions.size() - 1);
      before = Optional.of(load(latest));
      parent = OptionalInt.of(latest.version());
    }

    ModelId id = new ModelId(name, parent.orElse(0) + 1);
    Model model = draft.model(before);
    Optional<Payload> stats = writeStatistics(id, draft, model);
    Optional<Payload> moments = writeMoments(id, draft);
    Manifest manifest =
        new Manifest(id, parent, draft.spec(), draft.type(), draft.provenance(), stats, moments);
    Optional<FileDigest> committed =
        ExclusiveFile.create(
            fileSystem, file(id, MANIFEST), out -> ManifestFile.write(manifest, out));
    if (committed.isPresent()) {
      return Optional.of(id);
    }

    discard(id, stats);
    discard(id, moments);
    return Optional.empty();
  }

  private Optional<Payload> writeStatistics(ModelId id, Draft draft, Model model)
      throws IOException {
    StatisticsFile statistics = new StatisticsFile(model.statistics(), model.running());
    String name = "stats-" + draft.provenance().runId() + ".json";
    return statistics.isEmpty()
        ? Optional.empty()
        : Optional.of(write(id, name, statistics::write));
  }

  private Optional<Payload> writeMoments(ModelId id, Draft draft) throws IOException {
    if (draft.moments().isEmpty()) {
      return Optional.empty();
    }

    ExclusiveFile.Content content =
        out -> {
          DataOutputStream data = new DataOutputStream(new BufferedOutputStream(out));
          draft.moments().get().write(data);
          data.flush();
        };
    return Optional.of(write(id, "moments-" + draft.provenance().runId() + ".bin", content));
  }

  private void discard(ModelId id, Optional<Payload> payload) throws IOException {
    if (payload.isPresent()) {
      fileSystem.delete(file(id, payload.get().file()), false);
    }
  }

  private Payload write(ModelId id, String name, ExclusiveFile.Content content) throws IOException {
    Path file = file(id, name);
    FileDigest digest =
        ExclusiveFile.create(fileSystem, file, content)
            .orElseThrow(
                () ->
                    new JobException(
                        LeavingStatus.CONFLICT,
                        "Cannot publish %s: %s exists with another content (a run id must be unique)"
                            .formatted(id, file)));
    return new Payload(name, digest);
  }

  private Model load(Manifest manifest) throws IOException {
    StatisticsFile statistics = new StatisticsFile(Optional.empty(), Optional.empty());
    Path file = file(manifest.id(), MANIFEST);
    if (manifest.stats().isPresent()) {
      file = verified(manifest.id(), manifest.stats().get());
      int channels = manifest.type().shape().channels();
      try (InputStream in = buffered(file)) {
        statistics = reading(file, () -> StatisticsFile.read(in, channels));
      }
    }

    try {
      return new Model(
          manifest.spec(), manifest.type(), statistics.statistics(), statistics.running());
    } catch (IllegalArgumentException e) {
      throw unreadable(file, e.getMessage(), e);
    }
  }

  private Optional<ModelId> published(List<ModelId> versions, String runIdentity)
      throws IOException {
    for (ModelId id : versions) {
      try (InputStream in = open(id)) {
        if (reading(file(id, MANIFEST), () -> ManifestFile.readRunIdentity(in))
            .equals(runIdentity)) {
          return Optional.of(id);
        }
      }
    }

    return Optional.empty();
  }

  private InputStream open(ModelId id) throws IOException {
    try {
      return buffered(file(id, MANIFEST));
    } catch (FileNotFoundException e) {
      throw new JobException(
          LeavingStatus.USAGE,
          "Cannot load model %s: there is no such version in %s (%s)"
              .formatted(id, root, describeVersions(id.name())),
          e);
    }
  }

  private String describeVersions(String name) throws IOException {
    List<ModelId> versions = versions(name);
    return versions.isEmpty()
        ? "there are none of that model; models are: " + names()
        : "versions run from %d to %d"
            .formatted(versions.get(0).version(), versions.get(versions.size() - 1).version());
  }

  /** The payload's path, once its content has proved to be what was published. */
  private Path verified(ModelId id, Payload payload) throws IOException {
    Path file = file(id, payload.file());
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

  private InputStream buffered(Path file) throws IOException {
    return new BufferedInputStream(fileSystem.open(file));
  }

  /** The numbers in use, of published versions and of attempts alike, in ascending order. */
  private List<Integer> numbers(String name) throws IOException {
    ModelId.checkName(name);
    List<Integer> numbers = new ArrayList<>();
    for (FileStatus entry : list(new Path(root, name))) {
      Matcher version = VERSION.matcher(entry.getPath().getName());
      if (version.matches()) {
        numbers.add(Integer.valueOf(version.group(1)));
      }
    }

    Collections.sort(numbers);
    return numbers;
  }

  private FileStatus[] list(Path folder) throws IOException {
    try {
      return fileSystem.listStatus(folder);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  private boolean exists(ModelId id) throws IOException {
    return fileSystem.exists(file(id, MANIFEST));
  }

  private Path file(ModelId id, String name) {
    return new Path(new Path(new Path(root, id.name()), "v=" + id.version()), name);
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  /** Turns whatever is wrong with a file's content into a refusal that names the file. */
  private static <T> T reading(Path file, Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw unreadable(file, "line %d: %s".formatted(line, e.getOriginalMessage()), e);
    } catch (IllegalArgumentException e) {
      throw unreadable(file, e.getMessage(), e);
    }
  }

  private static JobException unreadable(Path file, String why) {
    return unreadable(file, why, null);
  }

  private static JobException unreadable(Path file, String why, Throwable cause) {
    return new JobException(LeavingStatus.DATA, "Cannot read %s: %s".formatted(file, why), cause);
  }
}
