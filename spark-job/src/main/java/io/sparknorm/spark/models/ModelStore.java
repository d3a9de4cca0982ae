package io.sparknorm.spark.models;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.models.Manifest.Groups;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
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
  private final StoreFiles files;
  private final Aliases aliases;

  public ModelStore(String path, Configuration hadoop) throws IOException {
    this.files = new StoreFiles(path, hadoop);
    this.aliases = new Aliases(files);
  }

  /** The models that have a version, in alphabetical order. */
  public List<String> names() throws IOException {
    List<String> names = new ArrayList<>();
    for (FileStatus entry : files.list(files.root())) {
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
    for (ModelId id : files.folders(name)) {
      if (files.exists(id)) {
        versions.add(id);
      }
    }

    return versions;
  }

  /** The newest version of a model; empty if there is no such model. */
  public Optional<ModelId> latest(String name) throws IOException {
    List<ModelId> folders = files.folders(name);
    for (int i = folders.size() - 1; i >= 0; i--) {
      if (files.exists(folders.get(i))) {
        return Optional.of(folders.get(i));
      }
    }

    return Optional.empty();
  }

  /**
   * The version that a reference stands for; empty if the model has no version or no such alias. A
   * version that is given by its number need not exist.
   */
  public Optional<ModelId> find(ModelReference reference) throws IOException {
    if (reference.alias().isPresent()) {
      return aliases.find(reference.name(), reference.alias().get());
    }

    return reference.version().isPresent()
        ? Optional.of(new ModelId(reference.name(), reference.version().getAsInt()))
        : latest(reference.name());
  }

  /**
   * As {@link #find}.
   *
   * @throws JobException if it stands for none
   */
  public ModelId resolve(ModelReference reference) throws IOException {
    Optional<ModelId> id = find(reference);
    if (id.isPresent()) {
      return id.get();
    }

    throw JobException.usage(
        reference.alias().isPresent()
            ? "Cannot find %s: there is no such alias (aliases are: %s)"
                .formatted(reference, aliases.all(reference.name()).keySet())
            : "Cannot find model %s: the store has no version of it (run fit first)"
                .formatted(reference.name()));
  }

  /** The aliases of a model's versions, in alphabetical order. */
  public SortedMap<String, ModelId> aliases(String name) throws IOException {
    return aliases.all(name);
  }

  /**
   * Makes an alias point to a version, and no longer to another one.
   *
   * @throws JobException if there is no such version
   */
  public void setAlias(String alias, ModelId id) throws IOException {
    manifest(id);
    aliases.set(alias, id);
  }

  /**
   * Removes an alias, which leaves the version that it points to as it is.
   *
   * @return the version that it pointed to; empty if there is no such alias
   */
  public Optional<ModelId> removeAlias(String name, String alias) throws IOException {
    return aliases.remove(name, alias);
  }

  /**
   * The versions that {@link #prune} would remove, oldest first. What stays are the newest ones,
   * those that an alias points to, and the parents of all these, from which their running
   * statistics can be derived again.
   *
   * @param keep how many of the newest stay, at least 1
   * @throws JobException if there is no such model
   */
  public List<ModelId> prunable(String name, int keep) throws IOException {
    if (latest(name).isEmpty()) {
      throw JobException.usage(
          "Cannot prune model %s: the store has no version of it; models are: %s"
              .formatted(name, names()));
    }

    return new Retention(this, files, aliases).prunable(name, keep);
  }

  /**
   * Removes a model's old versions, and what attempts at publishing have left behind. Whoever reads
   * one of them meanwhile is told that it does not exist.
   *
   * @param keep as for {@link #prunable}
   * @return the versions removed, oldest first
   * @throws JobException if there is no such model
   */
  public List<ModelId> prune(String name, int keep) throws IOException {
    return new Retention(this, files, aliases).prune(name, prunable(name, keep));
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
    Path file = files.manifest(id);
    try (InputStream in = open(id)) {
      Manifest manifest = StoreFiles.read(file, () -> ManifestFile.read(in));
      if (!manifest.id().equals(id)) {
        throw StoreFiles.unreadable(file, "it belongs to " + manifest.id());
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

    Path file = files.verified(id, manifest.moments().get());
    int expected = Draft.momentChannels(manifest.spec(), manifest.type());
    try (DataInputStream in = new DataInputStream(files.open(file))) {
      Moments moments = StoreFiles.read(file, () -> Moments.read(in));
      if (moments.channels() != expected) {
        throw StoreFiles.unreadable(
            file, "it has %d channels (expected %d)".formatted(moments.channels(), expected));
      }

      return Optional.of(moments);
    }
  }

  /**
   * Reads the states of the partitions that a version was fitted on; empty if it keeps none.
   *
   * @throws JobException if there is no such version, or one of its files is not what was published
   */
  public Optional<PartitionStates> partitions(ModelId id) throws IOException {
    Optional<Payload> payload = manifest(id).partitions();
    if (payload.isEmpty()) {
      return Optional.empty();
    }

    Path file = files.verified(id, payload.get());
    try (DataInputStream in = new DataInputStream(files.open(file))) {
      return Optional.of(StoreFiles.read(file, () -> PartitionStates.read(in)));
    }
  }

  /**
   * Reads the statistics of a version's groups; empty if it has no groups.
   *
   * @throws JobException if there is no such version, or one of its files is not what was published
   */
  public Optional<GroupStatistics> groups(ModelId id) throws IOException {
    Manifest manifest = manifest(id);
    if (manifest.groups().isEmpty()) {
      return Optional.empty();
    }

    Groups groups = manifest.groups().get();
    Path file = files.verified(id, groups.stats());
    byte[] content = new byte[Math.toIntExact(groups.stats().digest().length())];
    try (InputStream in = files.open(file)) {
      in.readNBytes(content, 0, content.length);
      return Optional.of(
          StoreFiles.read(
              file,
              () ->
                  new GroupStatistics(
                      groups.by(), manifest.type().shape().channels(), groups.count(), content)));
    }
  }

  /**
   * Reads the exact states of a version's groups.
   *
   * @param manifest of a version that has groups
   * @throws JobException if the file is not what was published
   */
  GroupReader groupMoments(Manifest manifest) throws IOException {
    Groups groups = manifest.groups().orElseThrow();
    Path file = files.verified(manifest.id(), groups.moments());
    return GroupReader.open(
        file, files.open(file), manifest.type().shape().channels(), groups.count());
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
    while (files.isPruned(id)) {
      id = new ModelId(name, id.version() + 1);
    }

    try {
      VersionWriter writer = new VersionWriter(files, id, draft);
      return writer.write(parent, draft.model(before)) ? Optional.of(id) : Optional.empty();
    } catch (IOException e) {
      if (files.exists(id)) {
        return Optional.empty(); // the winner has swept this attempt's files away
      }

      throw e;
    }
  }

  private Model load(Manifest manifest) throws IOException {
    StatisticsFile statistics = new StatisticsFile(Optional.empty(), Optional.empty());
    Path file = files.manifest(manifest.id());
    if (manifest.stats().isPresent()) {
      file = files.verified(manifest.id(), manifest.stats().get());
      int channels = manifest.type().shape().channels();
      try (InputStream in = files.open(file)) {
        statistics = StoreFiles.read(file, () -> StatisticsFile.read(in, channels));
      }
    }

    try {
      return new Model(
          manifest.spec(), manifest.type(), statistics.statistics(), statistics.running());
    } catch (IllegalArgumentException e) {
      throw StoreFiles.unreadable(file, e.getMessage(), e);
    }
  }

  private Optional<ModelId> published(List<ModelId> versions, String runIdentity)
      throws IOException {
    for (ModelId id : versions) {
      Path file = files.manifest(id);
      try (InputStream in = files.open(file)) {
        if (StoreFiles.read(file, () -> ManifestFile.readRunIdentity(in)).equals(runIdentity)) {
          return Optional.of(id);
        }
      } catch (FileNotFoundException e) {
        // It was pruned meanwhile.
      }
    }

    return Optional.empty();
  }

  private InputStream open(ModelId id) throws IOException {
    try {
      return files.open(files.manifest(id));
    } catch (FileNotFoundException e) {
      throw new JobException(
          LeavingStatus.USAGE,
          "Cannot load model %s: there is no such version in %s (%s)"
              .formatted(id, files.root(), describeVersions(id.name())),
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
}
