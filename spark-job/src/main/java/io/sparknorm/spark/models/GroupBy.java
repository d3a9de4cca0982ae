package io.sparknorm.spark.models;

import io.sparknorm.spark.config.Difference;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The columns whose values say which of a model's statistics a record has.
 *
 * @param columns at least one
 * @param types of the columns, as SQL writes them, such as {@code string} or {@code decimal(10,2)}
 */
public record GroupBy(List<String> columns, List<String> types) implements Serializable {
  public GroupBy {
    columns = List.copyOf(columns);
    types = List.copyOf(types);
    if (columns.isEmpty() || columns.size() != types.size()) {
      throw new IllegalArgumentException(
          "Invalid groups: %d columns of %d types (at least one, each of a type)"
              .formatted(columns.size(), types.size()));
    }
  }

  /** Whether these are the columns' names, in any case, as for Spark. */
  public boolean isBy(List<String> names) {
    if (names.size() != columns.size()) {
      return false;
    }

    for (int i = 0; i < columns.size(); i++) {
      if (!names.get(i).equalsIgnoreCase(columns.get(i))) {
        return false;
      }
    }

    return true;
  }

  /** How other columns differ from these; empty if groups of the one are groups of the other. */
  public Optional<Difference> differenceFrom(GroupBy other) {
    return isBy(other.columns) && types.equals(other.types)
        ? Optional.empty()
        : Optional.of(new Difference("groups by " + this, "groups by " + other));
  }

  /** The columns with their types, such as {@code country string, day date}. */
  @Override
  public String toString() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      texts.add(columns.get(i) + " " + types.get(i));
    }

    return String.join(", ", texts);
  }
}
