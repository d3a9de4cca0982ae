package io.sparknorm.spark.config;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** How job files spell things: constants in kebab-case, and what a misspelt name may have meant. */
public final class Names {
  private Names() {}

  /** The constant as job files write it, such as {@code new-weight}. */
  static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** All constants of the type as job files write them, separated by commas. */
  static String all(Class<? extends Enum<?>> type) {
    return Arrays.stream(type.getEnumConstants()).map(Names::of).collect(Collectors.joining(", "));
  }

  /** The candidate that is the fewest edits away, if that is no more than a third of the name. */
  public static Optional<String> nearest(String name, Collection<String> candidates) {
    int reach = Math.max(2, name.length() / 3);
    return candidates.stream()
        .filter(candidate -> distance(name, candidate) <= reach)
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)));
  }

  /** Levenshtein's distance: insertions, deletions and replacements. */
  private static int distance(String from, String to) {
    int[] previous = new int[to.length() + 1];
    Arrays.setAll(previous, j -> j);
    for (int i = 1; i <= from.length(); i++) {
      int[] current = new int[to.length() + 1];
      current[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }

      previous = current;
    }

    return previous[to.length()];
  }
}
