package io.sparknorm.spark.config;

import java.util.Map;
import java.util.Optional;

/**
 * The {@code input} group: a path or a table.
 *
 * @param format the data source that reads the path, absent for a table
 * @param path where the data is, absent for a table
 * @param table the table or view, absent for a path
 * @param options of the data source, which may be secrets
 * @param where the SQL condition that chooses the records to fit on
 */
public record InputSpec(
    Optional<String> format,
    Optional<String> path,
    Optional<String> table,
    Map<String, String> options,
    Optional<String> where) {
  public InputSpec {
    options = Map.copyOf(options);
  }

  /** The path or the table's name. */
  public String location() {
    return path.or(() -> table).orElseThrow();
  }

  /** Leaves the options out, which may be secrets. */
  @Override
  public String toString() {
    return "input " + location();
  }
}
