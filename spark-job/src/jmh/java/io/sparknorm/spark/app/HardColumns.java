package io.sparknorm.spark.app;

import static java.util.Locale.ROOT;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.sparknorm.spark.functions.NormCatalog;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.spark.ml.functions;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.stat.Summarizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The variances of columns that cost sums of doubles their digits, by ways to compute them in
 * Spark: the same records in 14 layouts, and what {@link BigDecimal} makes of them. Prints a table.
 *
 * <p>Argument: the number of records (100,000).
 */
public final class HardColumns {
  static final String OURS = "sparknorm";
  private static final String VAR_POP = "Spark SQL `var_pop`";
  private static final String SUMMARIZER = "MLlib `Summarizer`";
  private static final String NAIVE = "`avg(x * x) - avg(x) * avg(x)`";
  private static final MathContext DIGITS = new MathContext(80);

  private HardColumns() {}

  /**
   * One way to lay the records out.
   *
   * @param shuffled in another order, and other records together
   */
  private record Layout(int partitions, boolean shuffled) {
    static List<Layout> all(int... numbers) {
      List<Layout> layouts = new ArrayList<>();
      for (int partitions : numbers) {
        layouts.add(new Layout(partitions, false));
        layouts.add(new Layout(partitions, true));
      }

      return layouts;
    }

    /** Computed once, so that all ways see the same records in the same places. */
    Dataset<Row> rows(SparkSession spark, int records) {
      List<String> selected = new ArrayList<>(List.of("id"));
      columns().forEach((name, value) -> selected.add("%s AS `%s`".formatted(value, name)));
      Dataset<Row> rows =
          spark.range(0, records, 1, partitions).selectExpr(selected.toArray(String[]::new));
      return (shuffled
              ? rows.repartition(partitions, expr("xxhash64(id)"))
                  .sortWithinPartitions(expr("xxhash64(id, %d)".formatted(partitions)))
              : rows)
          .localCheckpoint();
    }
  }

  /**
   * What one way has given.
   *
   * @param variances one for each layout
   * @param exact what each of them should be
   */
  record Answers(String column, String way, List<Double> variances, double exact) {
    int distinct() {
      return new TreeSet<>(variances).size();
    }

    /** The greatest distance from the exact value, relative to it unless it is 0. */
    double distance() {
      return variances.stream()
          .mapToDouble(found -> Math.abs(found - exact) / (exact == 0 ? 1 : exact))
          .max()
          .orElseThrow();
    }

    private String row() {
      TreeSet<Double> sorted = new TreeSet<>(variances);
      return String.format(
          ROOT,
          "| %s | %s | %d | %s | %s | %s | %s |",
          column,
          way,
          distinct(),
          sorted.first(),
          sorted.last(),
          exact,
          distance() == 0 ? "0" : String.format(ROOT, "%.1e", distance()));
    }
  }

  /** SQL expressions of doubles by what they stand for. */
  private static Map<String, String> columns() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("Unix seconds", "CAST(1764000000 + id % 86400 AS double)");
    columns.put("1e4 +- 1e-3", "1e4D + (id % 3 - 1) * 1e-3D");
    columns.put("constant 14.62", "14.62D");
    columns.put("1e30", "IF(id % 2 = 0, 1e30D, -1e30D) / (1 + id % 1000)");
    return columns;
  }

  public static void main(String[] arguments) throws IOException {
    int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
    try (SparkSession spark = Comparison.session(2)) {
      spark.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
      List<Answers> answers = compute(spark, records, 1, 2, 3, 4, 7, 16, 64);
      System.out.printf("%d records, 14 layouts%n%n", records);
      System.out.println("| column | by | answers | least | greatest | exact | distance |");
      System.out.println("|---|---|---|---|---|---|---|");
      answers.forEach(found -> System.out.println(found.row()));
    }
  }

  /**
   * All answers.
   *
   * @param spark has the functions as {@code norm}
   * @param partitions of the layouts, of which there are two for each
   */
  static List<Answers> compute(SparkSession spark, int records, int... partitions) {
    Map<String, Map<String, List<Double>>> found = new LinkedHashMap<>();
    for (Layout layout : Layout.all(partitions)) {
      Dataset<Row> rows = layout.rows(spark, records);
      variances(rows)
          .forEach(
              (column, ways) ->
                  ways.forEach(
                      (way, variance) ->
                          found
                              .computeIfAbsent(column, unused -> new LinkedHashMap<>())
                              .computeIfAbsent(way, unused -> new ArrayList<>())
                              .add(variance)));
    }

    Dataset<Row> rows = new Layout(1, false).rows(spark, records);
    List<Answers> answers = new ArrayList<>();
    found.forEach(
        (column, ways) -> {
          List<Row> values = rows.select(col("`%s`".formatted(column))).collectAsList();
          ways.forEach(
              (way, variances) ->
                  answers.add(
                      new Answers(
                          column, way, variances, exact(values, way.equals(SUMMARIZER) ? 1 : 0))));
        });
    return answers;
  }

  /** Of each column, by each way: the variances of one layout. */
  private static Map<String, Map<String, Double>> variances(Dataset<Row> rows) {
    List<String> names = List.copyOf(columns().keySet());
    String array =
        names.stream().map("`%s`"::formatted).reduce((a, b) -> a + ", " + b).orElseThrow();
    List<Row> ours =
        rows.selectExpr("norm.channel_moments(array(%s)) AS m".formatted(array))
            .selectExpr("inline(m)")
            .collectAsList();
    Dataset<Row> vectors =
        rows.select(functions.array_to_vector(expr("array(%s)".formatted(array))).as("v"));
    Vector summarized = vectors.select(Summarizer.variance(col("v"))).head().getAs(0);
    List<String> builtins = new ArrayList<>();
    for (String name : names) {
      builtins.add("var_pop(`%s`)".formatted(name));
      builtins.add("avg(`%1$s` * `%1$s`) - avg(`%1$s`) * avg(`%1$s`)".formatted(name));
    }

    Row builtin = rows.selectExpr(builtins.toArray(String[]::new)).head();
    Map<String, Map<String, Double>> variances = new LinkedHashMap<>();
    for (int c = 0; c < names.size(); c++) {
      Map<String, Double> ways = new LinkedHashMap<>();
      ways.put(OURS, ours.get(c).<Double>getAs("variance"));
      ways.put(VAR_POP, builtin.getDouble(2 * c));
      ways.put(SUMMARIZER, summarized.apply(c));
      ways.put(NAIVE, builtin.getDouble(2 * c + 1));
      variances.put(names.get(c), ways);
    }

    return variances;
  }

  /** The sum of squared deviations over the number of values, less some: rounded once. */
  private static double exact(List<Row> values, int less) {
    BigDecimal sum = BigDecimal.ZERO;
    BigDecimal squares = BigDecimal.ZERO;
    for (Row row : values) {
      BigDecimal value = new BigDecimal(row.getDouble(0));
      sum = sum.add(value);
      squares = squares.add(value.multiply(value));
    }

    BigDecimal count = BigDecimal.valueOf(values.size());
    BigDecimal divisor = count.multiply(count.subtract(BigDecimal.valueOf(less)));
    return count
        .multiply(squares)
        .subtract(sum.multiply(sum))
        .divide(divisor, DIGITS)
        .doubleValue();
  }
}
