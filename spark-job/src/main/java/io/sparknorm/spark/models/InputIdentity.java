package io.sparknorm.spark.models;

import java.util.List;

/**
 * What tells one state of an input from another.
 *
 * @param kind what the input is made of
 * @param location the path or the table's name, without user names, passwords or other secrets
 * @param files every file read, in the order of their paths; empty unless the input is files
 * @param digest SHA-256 over all that identifies the input, 64 lower-case hexadecimal digits
 */
public record InputIdentity(Kind kind, String location, List<InputFile> files, String digest) {
  /** What an input is made of. */
  public enum Kind {
    FILES,
    TABLE,
    /** Neither files nor a table's snapshot can be told. */
    UNKNOWN
  }

  /**
   * One file of an input.
   *
   * @param length in bytes
   * @param modified milliseconds since 1970-01-01T00:00:00Z
   */
  public record InputFile(String path, long length, long modified) {}

  public InputIdentity {
    files = List.copyOf(files);
  }
}
