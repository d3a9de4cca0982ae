package io.sparknorm.spark.config;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * A model in the store, as users name it: {@code user_embeddings} for its latest version, {@code
 * user_embeddings@3} for a given one, {@code user_embeddings@production} for the one that an alias
 * points to.
 *
 * @param name letters, digits, {@code _} and {@code -}, as it names a folder
 * @param version the version's number, if it is given
 * @param alias the alias, if one is given in place of a number
 */
public record ModelReference(String name, OptionalInt version, Optional<String> alias) {
  /** What stands for the latest version where some version has to be named. */
  public static final String LATEST = "latest";

  /** What a reference by number or alias has to be. */
  public static final String VERSION_RULE = "must be a version's number, an alias or " + LATEST;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");
  private static final Pattern ALIAS = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");

  /** Whether this can be a model's name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Whether this can be an alias: no number, so that it cannot be taken for one. */
  public static boolean isAlias(String name) {
    return ALIAS.matcher(name).matches() && !name.equals(LATEST);
  }

  /** A model's latest version. */
  public static ModelReference latest(String name) {
    return new ModelReference(name, OptionalInt.empty(), Optional.empty());
  }

  /**
   * A given version.
   *
   * @param version a number, an alias or {@link #LATEST}
   * @return empty if the version is none of these
   */
  public static Optional<ModelReference> of(String name, String version) {
    if (version.equals(LATEST)) {
      return Optional.of(latest(name));
    }

    if (NUMBER.matcher(version).matches()) {
      OptionalInt number = OptionalInt.of(Integer.parseInt(version));
      return Optional.of(new ModelReference(name, number, Optional.empty()));
    }

    return isAlias(version)
        ? Optional.of(new ModelReference(name, OptionalInt.empty(), Optional.of(version)))
        : Optional.empty();
  }

  /** As users write it, such as {@code user_embeddings@3}. */
  @Override
  public String toString() {
    String number = version.isPresent() ? String.valueOf(version.getAsInt()) : LATEST;
    return name + "@" + alias.orElse(number);
  }
}
