package io.sparknorm.spark.config;

import java.util.Map;
import java.util.Optional;

/**
 * The {@code input} group: a path, a table, or a data source whose options say where the data is.
 *
 * @param format the data source, absent for a table
 * @param path where the data is, if it is at a path
 * @param table the table or view, if it is one
 * @param reader what reads a path of Parquet files
 * @param options of the data source, which may be secrets
 * @param where the SQL condition that chooses the records to fit on
 * @param partitions those to fit on, if the job fits and keeps a state of each
 */
public record InputSpec(
    Optional<String> format,
    Optional<String> path,
    Optional<String> table,
    ParquetCode reader,
    Map<String, String> options,
    Optional<String> where,
    Optional<PartitionSpec> partitions) {
  public InputSpec {
    options = Map.copyOf(options);
  }

  /** The path, the table's name, or the format of a data source without either. */
  public String location() {
    return path.or(() -> table).or(() -> format).orElseThrow();
  }

  /** The same input, all partitions of it. */
  InputSpec withoutWindow() {
    return new InputSpec(
        format,
        path,
        table,
        reader,
        options,
        where,
        partitions.map(some -> new PartitionSpec(some.column(), Optional.empty())));
  }

  /** Leaves the options out, which may be secrets. */
  @Override
  public String toString() {
    return "input " + location();
  }
}
