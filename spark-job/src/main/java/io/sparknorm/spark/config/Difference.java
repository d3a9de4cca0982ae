package io.sparknorm.spark.config;

/**
 * In what two things differ that have to be the same.
 *
 * @param one what the first has
 * @param other what the second has in its place
 */
public record Difference(String one, String other) {
  /** Two lines, one for each, below one another. */
  public String describe(String oneName, String otherName) {
    int width = Math.max(oneName.length(), otherName.length()) + 1;
    return "  %s %s\n  %s %s"
        .formatted(padded(oneName, width), one, padded(otherName, width), other);
  }

  private static String padded(String name, int width) {
    return name + ":" + " ".repeat(width - name.length() - 1);
  }
}
