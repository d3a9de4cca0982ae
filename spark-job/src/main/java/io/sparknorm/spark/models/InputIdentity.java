package io.sparknorm.spark.models;

import io.sparknorm.spark.Sha256;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What tells one state of an input from another.
 *
 * @param kind what the input is made of
 * @param location the path or the table's name, without user names, passwords or other secrets
 * @param files every file read, in the order of their paths; empty unless the input is files
 * @param versions the versions whose moments were merged and subtracted; empty unless the input is
 *     versions
 * @param digest SHA-256 over all that identifies the input, 64 lower-case hexadecimal digits
 */
public record InputIdentity(
    Kind kind, String location, List<InputFile> files, List<InputVersion> versions, String digest) {
  /** What an input is made of. */
  public enum Kind {
    FILES,
    TABLE,
    /** Versions of models. */
    VERSIONS,
    /** Neither files nor a table's snapshot can be told. */
    UNKNOWN
  }

  /**
   * One file of an input.
   *
   * @param length in bytes
   * @param modified milliseconds since 1970-01-01T00:00:00Z
   * @param etag what an object store tells the content by, whose times may be whole seconds
   */
  public record InputFile(String path, long length, long modified, Optional<String> etag) {
    /** A file of a store that gives no tags. */
    public InputFile(String path, long length, long modified) {
      this(path, length, modified, Optional.empty());
    }
  }

  /** What became of the moments of a version. */
  public enum Part {
    MERGED,
    SUBTRACTED
  }

  /**
   * One version that went into another.
   *
   * @param sha256 of its moments
   */
  public record InputVersion(Part part, ModelId id, String sha256) {}

  public InputIdentity {
    files = List.copyOf(files);
    versions = List.copyOf(versions);
  }

  /** The identity of an input that is no versions. */
  public InputIdentity(Kind kind, String location, List<InputFile> files, String digest) {
    this(kind, location, files, List.of(), digest);
  }

  /** The identity of versions, which the same versions have in every order. */
  static InputIdentity of(String location, List<InputVersion> versions) {
    String all =
        versions.stream()
            .map(version -> "%s %s %s".formatted(version.part(), version.id(), version.sha256()))
            .sorted()
            .collect(Collectors.joining("\n"));
    return new InputIdentity(Kind.VERSIONS, location, List.of(), versions, Sha256.of(all));
  }
}
