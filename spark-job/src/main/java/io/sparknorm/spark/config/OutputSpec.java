package io.sparknorm.spark.config;

import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The {@code output} group: a path or a table.
 *
 * @param format the data source that writes; for a table only if the job file names one
 * @param path where the result goes, absent for a table; each run fills its placeholders in
 * @param table the table, absent for a path
 * @param ifExists what happens to an output that is there already
 * @param partitionBy the columns whose values part the output
 * @param verify what is verified before publishing
 * @param writer what writes a path of Parquet files
 * @param options of the data source, which may be secrets
 */
public record OutputSpec(
    Optional<String> format,
    Optional<String> path,
    Optional<String> table,
    IfExists ifExists,
    List<String> partitionBy,
    Verify verify,
    ParquetCode writer,
    Map<String, String> options) {
  private static final Set<String> TEXT = Set.of("csv", "json", "xml");

  public OutputSpec {
    partitionBy = List.copyOf(partitionBy);
    options = Map.copyOf(options);
  }

  /** The same output with the path that a run writes to. */
  public OutputSpec of(LocalDate date, String runIdentity) {
    return new OutputSpec(
        format,
        path.map(given -> Placeholders.fill(given, date, runIdentity)),
        table,
        ifExists,
        partitionBy,
        verify,
        writer,
        options);
  }

  /** The path or the table's name. */
  public String location() {
    return path.or(() -> table).orElseThrow();
  }

  /** Whether it is text, which does not tell what it holds before all of it is parsed. */
  public boolean isText() {
    return format.filter(given -> TEXT.contains(given.toLowerCase(Locale.ROOT))).isPresent();
  }

  /** Leaves the options out, which may be secrets. */
  @Override
  public String toString() {
    return "output " + location();
  }
}
