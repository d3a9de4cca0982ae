package io.sparknorm.spark.models;

import java.util.regex.Pattern;

/**
 * One version of one model.
 *
 * @param name letters, digits, {@code _} and {@code -}, as it names a folder
 * @param version counts from 1
 */
public record ModelId(String name, int version) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  public ModelId {
    checkName(name);
    if (version < 1) {
      throw new IllegalArgumentException(
          "Invalid model version: %d (must be at least 1)".formatted(version));
    }
  }

  /** Throws unless this can be a model's name. */
  static void checkName(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "Invalid model name: %s (letters, digits, _ and - only)".formatted(name));
    }
  }

  /** Whether this can be a model's name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** As users write it, such as {@code user_embeddings v=3}. */
  @Override
  public String toString() {
    return name + " v=" + version;
  }
}
