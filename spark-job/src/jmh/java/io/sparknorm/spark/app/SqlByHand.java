package io.sparknorm.spark.app;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Spark SQL as one writes it by hand: builtin aggregates for the statistics, then arithmetic with
 * the statistics as literals.
 */
final class SqlByHand {
  /** As many as Spark still compiles into one piece of code, with two aggregates for each. */
  private static final int COLUMNS_AT_ONCE = 30;

  private SqlByHand() {}

  static void run(SparkSession spark, ComparedData data, String output) {
    Dataset<Row> rows = spark.read().parquet(data.input());
    (data.scalars() ? scalars(rows) : arrays(rows)).write().parquet(output);
  }

  private static Dataset<Row> arrays(Dataset<Row> rows) {
    List<Row> statistics =
        rows.selectExpr("posexplode(features) AS (i, x)")
            .groupBy("i")
            .agg(avg("x"), deviation("x"))
            .orderBy("i")
            .collectAsList();
    return rows.selectExpr(
        "id",
        "transform(features, (x, i) -> cast((x - %s[i]) / %s[i] AS float)) AS features"
            .formatted(literal(statistics, 1), literal(statistics, 2)));
  }

  private static String literal(List<Row> statistics, int column) {
    return statistics.stream()
        .map(row -> row.getDouble(column) + "D")
        .collect(Collectors.joining(", ", "array(", ")"));
  }

  private static Dataset<Row> scalars(Dataset<Row> rows) {
    List<String> columns = ComparedData.columns();
    List<String> expressions = new ArrayList<>(List.of("id"));
    for (int from = 0; from < columns.size(); from += COLUMNS_AT_ONCE) {
      List<String> some = columns.subList(from, Math.min(from + COLUMNS_AT_ONCE, columns.size()));
      Row statistics = statistics(rows, some);
      for (int i = 0; i < some.size(); i++) {
        expressions.add(
            "(%s - %sD) / %sD AS %1$s"
                .formatted(
                    some.get(i), statistics.getDouble(2 * i), statistics.getDouble(2 * i + 1)));
      }
    }

    return rows.selectExpr(expressions.toArray(String[]::new));
  }

  private static Row statistics(Dataset<Row> rows, List<String> columns) {
    return rows.selectExpr(
            columns.stream()
                .flatMap(
                    column -> Stream.of("avg(%s)", "stddev_samp(%s)").map(f -> f.formatted(column)))
                .toArray(String[]::new))
        .head();
  }

  private static org.apache.spark.sql.Column avg(String column) {
    return org.apache.spark.sql.functions.avg(column);
  }

  private static org.apache.spark.sql.Column deviation(String column) {
    return org.apache.spark.sql.functions.stddev_samp(column);
  }
}
