package io.sparknorm.spark.config;

import java.util.Map;
import java.util.Optional;

/**
 * The {@code input} group: a path, a table, or a data source whose options say where the data is.
 *
 * @param format the data source, absent for a table
 * @param path where the data is, if it is at a path
 * @param table the table or view, if it is one
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

  /** The path, the table's name, or the format of a data source without either. */
  public String location() {
    return path.or(() -> table).or(() -> format).orElseThrow();
  }

  /** Leaves the options out, which may be secrets. */
  @Override
  public String toString() {
    return "input " + location();
  }
}
