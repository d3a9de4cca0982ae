package io.sparknorm.spark.models;

import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.JobException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * Removes versions. The order of the steps makes each of them safe to stop at:
 *
 * <ol>
 *   <li>a mark says that the number is used up: a writer who finds it free after all gives it back;
 *   <li>the manifest goes, and the version with it;
 *   <li>should an alias point to it by now, the manifest comes back. Whoever sets an alias writes
 *       it first and then looks for the manifest, so that at least one of the two sees the other;
 *   <li>the rest of the folder goes, now or when the model is pruned again.
 * </ol>
 */
final class Retention {
  private final ModelStore store;
  private final StoreFiles files;
  private final Aliases aliases;

  Retention(ModelStore store, StoreFiles files, Aliases aliases) {
    this.store = store;
    this.files = files;
    this.aliases = aliases;
  }

  List<ModelId> prunable(String name, int keep) throws IOException {
    if (keep < 1) {
      throw JobException.usage(
          "Cannot prune model %s: %d is no number of versions to keep (must be at least 1)"
              .formatted(name, keep));
    }

    List<ModelId> versions = store.versions(name);
    Set<ModelId> staying =
        new HashSet<>(versions.subList(Math.max(0, versions.size() - keep), versions.size()));
    staying.addAll(aliases.claimed(name));
    for (ModelId id : List.copyOf(staying)) {
      if (files.exists(id)) {
        store.manifest(id).parent().ifPresent(parent -> staying.add(new ModelId(name, parent)));
      }
    }

    return versions.stream().filter(id -> !staying.contains(id)).toList();
  }

  List<ModelId> prune(String name, List<ModelId> prunable) throws IOException {
    List<ModelId> removed = new ArrayList<>();
    for (ModelId id : prunable) {
      if (remove(id)) {
        removed.add(id);
      }
    }

    sweep(name);
    return removed;
  }

  private boolean remove(ModelId id) throws IOException {
    Path manifest = files.manifest(id);
    byte[] content;
    try (InputStream in = files.open(manifest)) {
      content = in.readAllBytes();
    }

    ExclusiveFile.create(files.fileSystem(), files.prunedMark(id), out -> {});
    files.fileSystem().delete(manifest, false);
    if (aliases.claimed(id.name()).contains(id)) {
      ExclusiveFile.create(files.fileSystem(), manifest, out -> out.write(content));
      files.fileSystem().delete(files.prunedMark(id), false);
      return false;
    }

    files.fileSystem().delete(files.folder(id), true);
    return true;
  }

  /** Deletes what killed writers and an interrupted pruning have left below the newest version. */
  private void sweep(String name) throws IOException {
    int newest = store.latest(name).orElseThrow().version();
    for (ModelId id : files.folders(name)) {
      if (id.version() < newest && !files.exists(id)) {
        files.fileSystem().delete(files.folder(id), true);
      }
    }
  }
}
