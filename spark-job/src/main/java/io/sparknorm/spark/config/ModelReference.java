package io.sparknorm.spark.config;

import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * A model in the store.
 *
 * @param name letters, digits, {@code _} and {@code -}, as it names a folder
 * @param version the version to apply, the latest if absent
 */
public record ModelReference(String name, OptionalInt version) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  /** Whether this can be a model's name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }
}
