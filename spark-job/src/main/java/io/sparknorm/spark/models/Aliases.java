package io.sparknorm.spark.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.ReplaceableFile;
import io.sparknorm.spark.config.ModelReference;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Names for versions, such as {@code production}, that can be moved from one version to another:
 * {@code <store>/<model>/aliases/<alias>.json}, a file that is replaced at once.
 */
final class Aliases {
  private static final int FORMAT_VERSION = 1;
  private static final String SUFFIX = ".json";
  private static final ObjectMapper MAPPER = new ObjectMapper(StatisticsFile.JSON);

  private final StoreFiles files;

  Aliases(StoreFiles files) {
    this.files = files;
  }

  SortedMap<String, ModelId> all(String name) throws IOException {
    SortedMap<String, ModelId> aliases = new TreeMap<>();
    for (String file : files(name)) {
      if (ModelReference.isAlias(file)) {
        find(name, file).ifPresent(id -> aliases.put(file, id));
      }
    }

    return aliases;
  }

  /** The names of a model's aliases and claims. */
  private List<String> files(String name) throws IOException {
    List<String> names = new ArrayList<>();
    for (FileStatus entry : files.list(folder(name))) {
      String file = entry.getPath().getName();
      if (file.endsWith(SUFFIX) && !file.startsWith(".")) {
        names.add(file.substring(0, file.length() - SUFFIX.length()));
      }
    }

    return names;
  }

  Optional<ModelId> find(String name, String alias) throws IOException {
    Path file = file(name, alias);
    try (InputStream in = files.open(file)) {
      JsonNode json = StoreFiles.read(file, () -> MAPPER.readTree(in));
      JsonNode version = json.path("version");
      if (json.path("format_version").intValue() != FORMAT_VERSION || !version.isInt()) {
        throw StoreFiles.unreadable(
            file, "expected format_version %d and a version".formatted(FORMAT_VERSION));
      }

      return Optional.of(StoreFiles.read(file, () -> new ModelId(name, version.intValue())));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  /** The versions that an alias points to, or is about to: none of them may be removed. */
  Set<ModelId> claimed(String name) throws IOException {
    Set<ModelId> claimed = new HashSet<>();
    for (String file : files(name)) {
      find(name, file).ifPresent(claimed::add);
    }

    return claimed;
  }

  /**
   * Claims the version first, under a name of its own, and then looks whether it is still there;
   * see {@link Retention}. An alias is not touched before that is certain. A claim that a killed
   * process leaves keeps its version until the file is deleted.
   */
  void set(String alias, ModelId id) throws IOException {
    if (!ModelReference.isAlias(alias)) {
      throw JobException.usage(
          "Invalid alias: %s (letters, digits, _ and -, no digit first, and not %s)"
              .formatted(alias, ModelReference.LATEST));
    }

    String claim = "%s.claim-%s".formatted(alias, UUID.randomUUID());
    write(claim, id);
    try {
      if (!files.exists(id)) {
        throw JobException.usage(
            "Cannot set alias %s: %s was pruned at the same time".formatted(alias, id));
      }

      write(alias, id);
    } finally {
      files.fileSystem().delete(file(id.name(), claim), false);
    }
  }

  Optional<ModelId> remove(String name, String alias) throws IOException {
    Optional<ModelId> before = find(name, alias);
    files.fileSystem().delete(file(name, alias), false);
    return before;
  }

  private void write(String alias, ModelId id) throws IOException {
    byte[] json =
        MAPPER
            .writerWithDefaultPrettyPrinter()
            .writeValueAsBytes(
                MAPPER
                    .createObjectNode()
                    .put("format_version", FORMAT_VERSION)
                    .put("model", id.name())
                    .put("alias", alias)
                    .put("version", id.version())
                    .put("changed", Instant.now().toString()));
    ReplaceableFile.write(files.fileSystem(), file(id.name(), alias), json);
  }

  private Path file(String name, String alias) {
    return new Path(folder(name), alias + SUFFIX);
  }

  private Path folder(String name) {
    return new Path(files.folder(name), "aliases");
  }
}
