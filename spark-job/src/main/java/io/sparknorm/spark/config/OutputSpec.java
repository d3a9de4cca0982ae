package io.sparknorm.spark.config;

import java.util.Map;
import java.util.Optional;

/**
 * The {@code output} group: a path or a table.
 *
 * @param format the data source that writes; for a table only if the job file names one
 * @param path where the result goes, absent for a table
 * @param table the table, absent for a path
 * @param ifExists what happens to an output that is there already
 * @param writer what writes a path of Parquet files
 * @param options of the data source, which may be secrets
 */
public record OutputSpec(
    Optional<String> format,
    Optional<String> path,
    Optional<String> table,
    IfExists ifExists,
    ParquetWriter writer,
    Map<String, String> options) {
  public OutputSpec {
    options = Map.copyOf(options);
  }

  /** The path or the table's name. */
  public String location() {
    return path.or(() -> table).orElseThrow();
  }

  /** Leaves the options out, which may be secrets. */
  @Override
  public String toString() {
    return "output " + location();
  }
}
