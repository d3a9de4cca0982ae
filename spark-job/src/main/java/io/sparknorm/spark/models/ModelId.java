package io.sparknorm.spark.models;

import io.sparknorm.spark.config.ModelReference;

/**
 * One version of one model.
 *
 * @param name letters, digits, {@code _} and {@code -}, as it names a folder
 * @param version counts from 1
 */
public record ModelId(String name, int version) {
  public ModelId {
    checkName(name);
    if (version < 1) {
      throw new IllegalArgumentException(
          "Invalid model version: %d (must be at least 1)".formatted(version));
    }
  }

  /** Throws unless this can be a model's name. */
  static void checkName(String name) {
    if (!ModelReference.isName(name)) {
      throw new IllegalArgumentException(
          "Invalid model name: %s (letters, digits, _ and - only)".formatted(name));
    }
  }

  /** As users write it, such as {@code user_embeddings v=3}. */
  @Override
  public String toString() {
    return name + " v=" + version;
  }
}
