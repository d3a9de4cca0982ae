package io.sparknorm.spark.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The partitions of the input that a fit takes, of which it keeps a state each.
 *
 * @param column by whose values the input's files are in folders
 * @param window the newest of them; all if absent
 */
public record PartitionSpec(String column, Optional<Window> window) {
  /** What a window has to be. */
  static final String WINDOW_RULE = "must be such as 30 days or 30 partitions";

  private static final Pattern WINDOW = Pattern.compile("([1-9][0-9]{0,5}) (days?|partitions?)");

  /** What a window counts. */
  public enum Unit {
    DAYS,
    PARTITIONS
  }

  /**
   * The newest partitions.
   *
   * @param size how many, or how many days before the end of the newest one
   */
  public record Window(int size, Unit unit) {
    static Optional<Window> parse(String text) {
      Matcher matcher = WINDOW.matcher(text);
      if (!matcher.matches()) {
        return Optional.empty();
      }

      Unit unit = matcher.group(2).startsWith("day") ? Unit.DAYS : Unit.PARTITIONS;
      return Optional.of(new Window(Integer.parseInt(matcher.group(1)), unit));
    }

    /** As job files write it. */
    @Override
    public String toString() {
      return size + " " + Names.of(unit);
    }
  }
}
