package io.sparknorm.spark.app;

import java.io.File;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** DuckDB on the same files, in this process, with as many threads as Spark has cores. */
final class DuckDb {
  private DuckDb() {}

  static void copy(ComparedData data, int threads, String output) {
    run(threads, statement -> write(statement, "*", data, output));
  }

  /** Statistics in one pass, then a second that normalises and writes. */
  static void normalise(ComparedData data, int threads, String output) {
    run(
        threads,
        statement -> {
          String normalised = data.scalars() ? scalars(statement, data) : arrays(statement, data);
          write(statement, normalised, data, output);
        });
  }

  private interface Work {
    void run(Statement statement) throws SQLException;
  }

  private static void run(int threads, Work work) {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      statement.execute("SET threads = " + threads);
      statement.execute("SET preserve_insertion_order = false");
      work.run(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void write(Statement statement, String columns, ComparedData data, String output)
      throws SQLException {
    new File(output).mkdirs();
    statement.execute(
        "COPY (SELECT %s FROM %s) TO '%s' (FORMAT parquet, COMPRESSION zstd)"
            .formatted(columns, files(data), output + "/part.parquet"));
  }

  private static String files(ComparedData data) {
    return "read_parquet('%s/*.parquet')".formatted(data.input());
  }

  private static String arrays(Statement statement, ComparedData data) throws SQLException {
    String elements =
        "SELECT unnest(features) AS x, generate_subscripts(features, 1) AS i FROM " + files(data);
    List<String> means = new ArrayList<>();
    List<String> deviations = new ArrayList<>();
    try (ResultSet channels =
        statement.executeQuery(
            "SELECT avg(x), stddev_samp(x) FROM (%s) GROUP BY i ORDER BY i".formatted(elements))) {
      while (channels.next()) {
        means.add(String.valueOf(channels.getDouble(1)));
        deviations.add(String.valueOf(channels.getDouble(2)));
      }
    }

    statement.execute("SET VARIABLE means = %s::DOUBLE[]".formatted(means));
    statement.execute("SET VARIABLE deviations = %s::DOUBLE[]".formatted(deviations));
    return "id, list_transform(features, lambda x, i:"
        + " ((x - getvariable('means')[i]) / getvariable('deviations')[i])::FLOAT) AS features";
  }

  private static String scalars(Statement statement, ComparedData data) throws SQLException {
    List<String> columns = ComparedData.columns();
    String aggregates =
        columns.stream()
            .flatMap(
                column -> Stream.of("avg(%s)", "stddev_samp(%s)").map(f -> f.formatted(column)))
            .collect(Collectors.joining(", "));
    List<String> normalised = new ArrayList<>(List.of("id"));
    try (ResultSet row =
        statement.executeQuery("SELECT %s FROM %s".formatted(aggregates, files(data)))) {
      row.next();
      for (int i = 0; i < columns.size(); i++) {
        normalised.add(
            "(%s - %s) / %s AS %1$s"
                .formatted(columns.get(i), row.getDouble(2 * i + 1), row.getDouble(2 * i + 2)));
      }
    }

    return String.join(", ", normalised);
  }
}
