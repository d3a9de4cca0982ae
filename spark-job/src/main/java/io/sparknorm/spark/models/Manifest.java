package io.sparknorm.spark.models;

import io.sparknorm.spark.FileDigest;
import io.sparknorm.spark.config.NormSpec;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * What {@code manifest.json} says about a version; its being there is what makes the version exist.
 *
 * @param parent the version before, whose running statistics this one moved
 * @param stats the file with the statistics, where the model has any
 * @param moments the file with the exact state, where the model has any
 * @param partitions the file with the exact state of each partition, where a fit kept them
 * @param groups where the model has groups; the other files are those of all records together
 */
public record Manifest(
    ModelId id,
    OptionalInt parent,
    NormSpec spec,
    RecordType type,
    Provenance provenance,
    Optional<Payload> stats,
    Optional<Payload> moments,
    Optional<Payload> partitions,
    Optional<Groups> groups) {
  /**
   * The groups of a model.
   *
   * @param count how many there are
   * @param stats the file with their statistics
   * @param moments the file with their exact states
   */
  public record Groups(GroupBy by, int count, Payload stats, Payload moments) {}

  /**
   * A file beside the manifest.
   *
   * @param file its name
   * @param digest what it must contain
   */
  public record Payload(String file, FileDigest digest) {
    public Payload {
      if (!file.matches(
          "stats-[A-Za-z0-9_-]+\\.json"
              + "|(moments|partitions|group-stats|group-moments)-[A-Za-z0-9_-]+\\.bin")) {
        throw new IllegalArgumentException(
            "Invalid payload: %s (must be a file named stats-<run>.json, moments-<run>.bin,"
                    .formatted(file)
                + " partitions-<run>.bin, group-stats-<run>.bin or group-moments-<run>.bin)");
      }
    }
  }

  /** All files beside the manifest. */
  List<Payload> payloads() {
    return Stream.of(
            stats, moments, partitions, groups.map(Groups::stats), groups.map(Groups::moments))
        .flatMap(Optional::stream)
        .toList();
  }
}
