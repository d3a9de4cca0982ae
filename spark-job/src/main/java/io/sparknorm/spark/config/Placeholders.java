package io.sparknorm.spark.config;

import java.time.LocalDate;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parts of a path that each run fills in. */
final class Placeholders {
  static final String DATE = "{date}";
  static final String RUN = "{run}";

  /** Enough of an identity to tell runs apart. */
  private static final int RUN_LENGTH = 16;

  private static final Pattern ANY = Pattern.compile("\\{[^{}/]*}");

  private Placeholders() {}

  /** The path that a key has; a placeholder that is not known there is a mistake. */
  static String path(Settings settings, Key key, List<String> known) {
    String path = settings.text(key);
    Matcher placeholder = ANY.matcher(path);
    while (placeholder.find()) {
      if (!known.contains(placeholder.group())) {
        throw settings.invalid(key, "may hold " + String.join(" and ", known));
      }
    }

    return path;
  }

  static String fill(String path, LocalDate date, String runIdentity) {
    return path.replace(DATE, date.toString()).replace(RUN, runIdentity.substring(0, RUN_LENGTH));
  }
}
