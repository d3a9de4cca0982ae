package io.sparknorm.spark.models;

import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.models.Manifest.Groups;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.BufferedOutputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Writes a draft under the number of one version: its files, and then the manifest. */
final class VersionWriter {
  private final StoreFiles files;
  private final ModelId id;
  private final Draft draft;

  VersionWriter(StoreFiles files, ModelId id, Draft draft) {
    this.files = files;
    this.id = id;
    this.draft = draft;
  }

  /**
   * Makes the version exist.
   *
   * @param model that the draft is, after the parent
   * @return false if somebody else has taken the number; nothing is left of this one then
   * @throws IOException also where that somebody has swept its files away
   */
  boolean write(OptionalInt parent, Model model) throws IOException {
    Manifest manifest = writeFiles(parent, model);
    Optional<FileDigest> committed =
        ExclusiveFile.create(
            files.fileSystem(), files.manifest(id), out -> ManifestFile.write(manifest, out));
    if (committed.isPresent() && !files.isPruned(id)) {
      sweep(manifest);
      return true;
    }

    if (committed.isPresent()) {
      // Free only because the version that had the number was pruned while this was being written.
      files.fileSystem().delete(files.manifest(id), false);
    }

    for (Payload payload : manifest.payloads()) {
      files.fileSystem().delete(new Path(files.folder(id), payload.file()), false);
    }

    return false;
  }

  /** Removes what killed or beaten attempts have left in the folder of a published version. */
  private void sweep(Manifest manifest) throws IOException {
    Path published = files.manifest(id);
    Set<String> named = new HashSet<>(Set.of(published.getName()));
    manifest.payloads().forEach(payload -> named.add(payload.file()));
    for (FileStatus entry : files.list(published.getParent())) {
      if (!named.contains(entry.getPath().getName())) {
        files.fileSystem().delete(entry.getPath(), false);
      }
    }
  }

  private Manifest writeFiles(OptionalInt parent, Model model) throws IOException {
    return new Manifest(
        id,
        parent,
        draft.spec(),
        draft.type(),
        draft.provenance(),
        writeStatistics(model),
        writeBinary("moments", draft.moments().map(some -> some::write)),
        writeBinary("partitions", draft.partitions().map(some -> some::write)),
        writeGroups());
  }

  private Optional<Payload> writeStatistics(Model model) throws IOException {
    StatisticsFile statistics = new StatisticsFile(model.statistics(), model.running());
    return statistics.isEmpty()
        ? Optional.empty()
        : Optional.of(write("stats-" + runId() + ".json", statistics::write));
  }

  /** Writes binary data. */
  private interface Binary {
    void write(DataOutput out) throws IOException;
  }

  private Optional<Payload> writeBinary(String kind, Optional<Binary> binary) throws IOException {
    if (binary.isEmpty()) {
      return Optional.empty();
    }

    ExclusiveFile.Content content =
        out -> {
          DataOutputStream data = new DataOutputStream(new BufferedOutputStream(out));
          binary.get().write(data);
          data.flush();
        };
    return Optional.of(write("%s-%s.bin".formatted(kind, runId()), content));
  }

  private Optional<Groups> writeGroups() throws IOException {
    if (draft.groups().isEmpty()) {
      return Optional.empty();
    }

    GroupedState groups = draft.groups().get();
    GroupStatistics statistics = groups.statistics();
    return Optional.of(
        new Groups(
            statistics.by(),
            statistics.count(),
            write(GroupFile.STATISTICS.name(runId()), out -> out.write(statistics.file())),
            write(
                GroupFile.MOMENTS.name(runId()),
                out -> {
                  BufferedOutputStream buffered = new BufferedOutputStream(out);
                  groups.writeMoments(buffered);
                  buffered.flush();
                })));
  }

  private Payload write(String name, ExclusiveFile.Content content) throws IOException {
    Path file = new Path(files.folder(id), name);
    FileDigest digest =
        ExclusiveFile.create(files.fileSystem(), file, content)
            .orElseThrow(
                () ->
                    new JobException(
                        LeavingStatus.CONFLICT,
                        "Cannot publish %s: %s exists with another content (a run id must be unique)"
                            .formatted(id, file)));
    return new Payload(name, digest);
  }

  private String runId() {
    return draft.provenance().runId();
  }
}
