package io.sparknorm.spark.config;

import io.sparknorm.spark.JobException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A table's name of one or more parts, such as {@code catalog.db.t}; a part in backticks may hold
 * dots, and a doubled backtick stands for one.
 */
public record TableName(List<String> parts) {
  public TableName {
    parts = List.copyOf(parts);
  }

  public static TableName parse(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character == '`' && quoted && i + 1 < text.length() && text.charAt(i + 1) == '`') {
        part.append('`');
        i++;
      } else if (character == '`') {
        quoted = !quoted;
      } else if (character == '.' && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(character);
      }
    }

    parts.add(part.toString());
    if (quoted || parts.contains("")) {
      throw JobException.usage(
          "Invalid table name: %s (parts separated by dots, quoted with backticks where needed)"
              .formatted(text));
    }

    return new TableName(parts);
  }

  /** The name without its namespace. */
  public TableName last() {
    return new TableName(parts.subList(parts.size() - 1, parts.size()));
  }

  /** The namespace; empty for the session's current one. */
  public Optional<TableName> namespace() {
    return parts.size() == 1
        ? Optional.empty()
        : Optional.of(new TableName(parts.subList(0, parts.size() - 1)));
  }

  /** The name of another table in the same namespace. */
  public TableName beside(String name) {
    List<String> sibling = new ArrayList<>(parts);
    sibling.set(parts.size() - 1, name);
    return new TableName(sibling);
  }

  /** The name of the table in the same namespace whose name goes on like this. */
  public TableName sibling(String suffix) {
    return beside(parts.get(parts.size() - 1) + suffix);
  }

  /** The name for use in SQL, every part quoted. */
  public String quoted() {
    return parts.stream()
        .map(part -> "`" + part.replace("`", "``") + "`")
        .collect(Collectors.joining("."));
  }
}
