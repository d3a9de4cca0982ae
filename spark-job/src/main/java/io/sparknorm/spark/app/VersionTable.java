package io.sparknorm.spark.app;

import io.sparknorm.spark.models.Manifest;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Provenance;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Versions and where they come from, for people to read.
 *
 * @param lines the heads of the columns, then one line for each version
 */
record VersionTable(List<String> lines) {
  private static final List<String> HEADS =
      List.of(
          "MODEL", "VERSION", "ALIASES", "CREATED", "NORM", "RECORDS", "PARENT", "DIGEST", "INPUT");

  /** So many digits tell inputs apart. */
  private static final int DIGITS = 12;

  static VersionTable of(ModelStore store, List<String> models) throws IOException {
    List<List<String>> rows = new ArrayList<>(List.of(HEADS));
    for (String model : models) {
      Map<String, ModelId> aliases = store.aliases(model);
      for (ModelId id : store.versions(model)) {
        rows.add(row(store.manifest(id), aliases));
      }
    }

    return new VersionTable(aligned(rows));
  }

  private static List<String> row(Manifest manifest, Map<String, ModelId> aliases) {
    Provenance provenance = manifest.provenance();
    String digest = provenance.input().digest();
    return List.of(
        manifest.id().name(),
        String.valueOf(manifest.id().version()),
        aliases(manifest.id(), aliases),
        provenance.created().truncatedTo(ChronoUnit.SECONDS).toString(),
        manifest.spec().toMap().get("type").toString(),
        String.valueOf(provenance.counts().records()),
        manifest.parent().isPresent() ? String.valueOf(manifest.parent().getAsInt()) : "-",
        digest.substring(0, Math.min(DIGITS, digest.length())),
        provenance.input().location());
  }

  private static String aliases(ModelId id, Map<String, ModelId> aliases) {
    String names =
        aliases.entrySet().stream()
            .filter(alias -> alias.getValue().equals(id))
            .map(Map.Entry::getKey)
            .collect(Collectors.joining(","));
    return names.isEmpty() ? "-" : names;
  }

  private static List<String> aligned(List<List<String>> rows) {
    int[] widths = new int[HEADS.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }

    return rows.stream().map(row -> aligned(row, widths)).toList();
  }

  private static String aligned(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
    }

    return line.toString().stripTrailing();
  }
}
