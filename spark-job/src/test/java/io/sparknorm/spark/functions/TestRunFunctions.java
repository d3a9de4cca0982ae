package io.sparknorm.spark.functions;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.not;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestRunFunctions extends SparkTest {
  private static final TensorShape PAIR = TensorShape.vector(2);
  private static final Policy FAIL = Policy.FAIL;
  private static final Policy PROPAGATE = Policy.PROPAGATE;
  private static final Policy DROP = Policy.DROP_RECORD;
  private static final Policy SKIP = Policy.SKIP_VALUE;

  /** {@code (x - 1) * 2} for channel 0, {@code (x - 2) * 4} for channel 1. */
  private static Normalizer batchNorm(TensorShape shape) {
    return new BatchNorm(Denominator.insideSqrt(0), Affine.NONE, Activation.NONE)
        .normalizer(shape, Coefficients.of(1, 2), Coefficients.of(0.25, 0.0625));
  }

  private static FaultRules rules(FaultPolicies policies) {
    return FaultRules.ofColumn("x", policies);
  }

  private Dataset<Row> normalise(Dataset<Row> data, Normalizer normalizer, FaultPolicies policies) {
    try (RunFunctions functions = RunFunctions.open(spark())) {
      Column passed = functions.pass(col("x"), normalizer, rules(policies));
      return data.withColumn("x", RunFunctions.normalised(passed));
    }
  }

  /** What a fit finds, each partition a task. */
  private static FitPart fit(
      Dataset<Row> data, FitKind kind, TensorShape shape, FaultPolicies policies) {
    FitColumn<?> column =
        FitColumn.of(data.schema().apply("x").dataType(), kind, shape, rules(policies), Weight.ONE);
    JavaRDD<InternalRow> rows = data.select(col("x")).queryExecution().toRdd().toJavaRDD();
    return FitPart.of(
        FitPart.merge(
            rows.mapPartitions(task -> List.of(state(task, column)).iterator())
                .collect()
                .iterator()));
  }

  private static byte[] state(Iterator<InternalRow> rows, FitColumn<?> column) {
    FitTask task = new FitTask(List.of(column));
    rows.forEachRemaining(task::add);
    return task.state(0, 0, column.momentChannels());
  }

  /** Rows whose only column x is each of these SQL expressions, read back from a file. */
  private Dataset<Row> rows(Path folder, String type, String... values) {
    Dataset<Row> data = spark().sql("SELECT CAST(%s AS %s) AS x".formatted(values[0], type));
    for (int i = 1; i < values.length; i++) {
      data = data.union(spark().sql("SELECT CAST(%s AS %s) AS x".formatted(values[i], type)));
    }

    String path = folder.resolve("x").toString();
    data.coalesce(1).write().mode("overwrite").parquet(path);
    return spark().read().parquet(path);
  }

  private static List<Object> list(Row row) {
    return row.isNullAt(0) ? null : row.getList(0);
  }

  @ParameterizedTest
  @CsvSource({
    "tinyint, float",
    "smallint, float",
    "int, float",
    "bigint, float",
    "float, float",
    "double, double"
  })
  void everyElementTypeIsNormalised(String type, String result, @TempDir Path folder) {
    Dataset<Row> normalised =
        normalise(
            rows(folder, "array<" + type + ">", "array(2, 1)", "array(1, 4)"),
            batchNorm(PAIR),
            FaultPolicies.DEFAULT);

    assertThat(normalised.schema().apply("x").dataType().simpleString())
        .isEqualTo("array<" + result + ">");
    assertThat(normalised.selectExpr("CAST(x AS array<double>)").collectAsList())
        .extracting(TestRunFunctions::list)
        .containsExactly(List.of(2.0, -4.0), List.of(0.0, 8.0));
  }

  @Test
  void nestedArraysKeepTheirNesting(@TempDir Path folder) {
    TensorShape shape = new TensorShape(List.of(2, 1, 2), Layout.CHANNELS_FIRST);
    Dataset<Row> normalised =
        normalise(
            rows(
                folder,
                "array<array<array<float>>>",
                "array(array(array(1, 2)), array(array(2, 3)))"),
            batchNorm(shape),
            FaultPolicies.DEFAULT);

    assertThat(normalised.selectExpr("CAST(x AS string)").first().getString(0))
        .isEqualTo("[[[0.0, 2.0]], [[0.0, 4.0]]]");
  }

  @Test
  void nestedArraysOfALastChannelKeepTheirNulls(@TempDir Path folder) {
    TensorShape shape = new TensorShape(List.of(TensorShape.VARIABLE, 2), Layout.CHANNELS_LAST);
    Dataset<Row> data =
        rows(
            folder,
            "array<array<bigint>>",
            "array(array(1, 2), array(2, null), array(null, 3))",
            "array()");

    Dataset<Row> normalised =
        normalise(
            data, batchNorm(shape), new FaultPolicies(PROPAGATE, PROPAGATE, PROPAGATE, SKIP, FAIL));

    assertThat(normalised.selectExpr("to_json(struct(x))").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactly("{\"x\":[[0.0,0.0],[2.0,null],[null,4.0]]}", "{\"x\":[]}");
  }

  @Test
  void vectorsAreNormalisedToDenseOnes() {
    StructType schema = new StructType().add("x", SQLDataTypes.VectorType(), true);
    Dataset<Row> data =
        spark()
            .createDataFrame(
                List.of(
                    RowFactory.create(Vectors.dense(2, 1)),
                    RowFactory.create(Vectors.sparse(2, new int[] {1}, new double[] {4})),
                    RowFactory.create((Vector) null)),
                schema);

    Dataset<Row> normalised = normalise(data, batchNorm(PAIR), FaultPolicies.DEFAULT);

    assertThat(normalised.schema()).isEqualTo(schema);
    assertThat(normalised.collectAsList())
        .extracting(row -> row.<Vector>getAs(0))
        .containsExactly(Vectors.dense(2, -4), Vectors.dense(-2, 8), null);
    assertThat(
            fit(data, FitKind.CHANNEL_MOMENTS, PAIR, FaultPolicies.DEFAULT)
                .moments()
                .orElseThrow()
                .statistics()
                .mean())
        .isEqualTo(Coefficients.of(1, 2.5));
  }

  @Test
  void scalarColumnsAreNormalisedAsAnArray() {
    Dataset<Row> data = spark().sql("SELECT 2 AS a, CAST(NULL AS double) AS b");
    FaultRules rules = FaultRules.ofColumns(List.of("a", "b"), FaultPolicies.DEFAULT);
    try (RunFunctions functions = RunFunctions.open(spark())) {
      Column both = org.apache.spark.sql.functions.array(col("a"), col("b"));
      assertThatThrownBy(() -> data.select(functions.pass(both, batchNorm(PAIR), rules)).collect())
          .hasMessageContaining(
              "Cannot read column b: the value is null; to go on, set faults.null-element ="
                  + " propagate | drop-record | skip-value");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "null | null-array | the array is null",
        "array(1, 2, 3) | wrong-length | the array has 3 elements (expected 2 for the shape [2])",
        "array(1, null) | null-element | element 1 (channel 1) is null",
        "array(double('NaN'), 2) | nan | element 0 (channel 0) is NaN",
        "array(1, double('-Infinity')) | infinity | element 1 (channel 1) is -Infinity"
      })
  void failNamesColumnChannelValueFileAndRemedy(
      String value, String key, String why, @TempDir Path folder) {
    FaultPolicies failing = new FaultPolicies(FAIL, FAIL, FAIL, FAIL, FAIL);
    Dataset<Row> data = rows(folder, "array<float>", value);

    Throwable thrown = catchThrowable(() -> normalise(data, batchNorm(PAIR), failing).collect());

    assertThat(JobException.in(thrown))
        .get()
        .satisfies(
            fault -> {
              assertThat(fault.status()).isEqualTo(LeavingStatus.DATA);
              assertThat(fault)
                  .hasMessageStartingWith("Cannot read column x: " + why + " in file file:")
                  .hasMessageEndingWith(
                      ".parquet; to go on, set faults.%s = propagate | drop-record | skip-value"
                          .formatted(key));
            });
    assertThatThrownBy(() -> fit(data, FitKind.CHANNEL_MOMENTS, PAIR, failing))
        .hasStackTraceContaining("Cannot read column x: " + why);
  }

  @Test
  void propagatedFaultsEndWhereTheyStand(@TempDir Path folder) {
    FaultPolicies policies =
        new FaultPolicies(PROPAGATE, PROPAGATE, PROPAGATE, PROPAGATE, PROPAGATE);
    Dataset<Row> data = faulty(folder);

    assertThat(texts(normalise(data, LayerNorm.over(2).normalizer(PAIR), policies)))
        .containsExactly("[-1.0, 1.0]", "null", "null", "[NaN, null]", "[NaN, NaN]", "[NaN, NaN]");

    FitPart result = fit(data, FitKind.CHANNEL_MOMENTS, PAIR, policies);
    assertThat(result.records()).isEqualTo(6);
    assertThat(result.dropped()).isZero();
    assertThat(result.faults()).hasSize(5).allSatisfy((fault, n) -> assertThat(n).isEqualTo(1));
    assertThat(result.moments().orElseThrow().count(0)).isEqualTo(3);
    assertThat(result.moments().orElseThrow().nanCount(0)).isEqualTo(1);
    assertThat(result.moments().orElseThrow().nanCount(1)).isEqualTo(1);
    assertThat(result.moments().orElseThrow().positiveInfinityCount(1)).isEqualTo(1);
  }

  @Test
  void skippedValuesStayOutOfStatistics(@TempDir Path folder) {
    FaultPolicies policies = new FaultPolicies(SKIP, SKIP, SKIP, SKIP, SKIP);
    Dataset<Row> data = faulty(folder);

    assertThat(texts(normalise(data, LayerNorm.over(2).normalizer(PAIR), policies)))
        .containsExactly("[-1.0, 1.0]", "null", "null", "[0.0, null]", "[NaN, 0.0]", "[0.0, NaN]");

    FitPart result = fit(data, FitKind.CHANNEL_MOMENTS, PAIR, policies);
    assertThat(result.faults()).hasSize(5).allSatisfy((fault, n) -> assertThat(n).isEqualTo(1));
    Statistics statistics = result.moments().orElseThrow().statistics();
    assertThat(statistics.count(0)).isEqualTo(3);
    assertThat(statistics.count(1)).isEqualTo(2);
    assertThat(statistics.mean()).isEqualTo(Coefficients.of(3, 4));
  }

  @Test
  void droppedRecordsAreLeftOut(@TempDir Path folder) {
    FaultPolicies policies = new FaultPolicies(DROP, DROP, DROP, DROP, DROP);
    Dataset<Row> data = faulty(folder);

    try (RunFunctions functions = RunFunctions.open(spark())) {
      Dataset<Row> kept =
          data.filter(
              not(
                  RunFunctions.dropped(
                      functions.pass(col("x"), batchNorm(PAIR), rules(policies)))));
      assertThat(texts(kept)).containsExactly("[1.0, 3.0]");
    }

    assertThat(texts(normalise(data, LayerNorm.over(2).normalizer(PAIR), policies)))
        .containsExactly("[-1.0, 1.0]", "null", "null", "null", "null", "null");
    FitPart result = fit(data, FitKind.COUNTS, PAIR, policies);
    assertThat(result.records()).isEqualTo(6);
    assertThat(result.dropped()).isEqualTo(5);
    assertThat(result.moments()).isEmpty();
    assertThat(fit(data, FitKind.CHANNEL_MOMENTS, PAIR, policies).moments().orElseThrow().count(0))
        .isEqualTo(1);
  }

  /** One plain record, then one for every fault. */
  private Dataset<Row> faulty(Path folder) {
    return rows(
        folder,
        "array<float>",
        "array(1, 3)",
        "null",
        "array(1)",
        "array(4, null)",
        "array(double('NaN'), 5)",
        "array(4, double('Infinity'))");
  }

  /** The column as texts, with as many digits as tell outcomes apart. */
  private static List<String> texts(Dataset<Row> data) {
    return data.selectExpr(
            "coalesce(CAST(transform(x, e -> round(e, 3)) AS string), 'null') AS text")
        .as(org.apache.spark.sql.Encoders.STRING())
        .collectAsList();
  }

  @Test
  void aPropagatedNaNSpoilsItsSliceWhereOthersAreSkipped(@TempDir Path folder) {
    FaultPolicies policies = new FaultPolicies(PROPAGATE, SKIP, FAIL, SKIP, FAIL);
    TensorShape shape = new TensorShape(List.of(2, 3), Layout.CHANNELS_FIRST);
    Dataset<Row> data = rows(folder, "array<double>", "array(1, double('NaN'), 3, 4, null, 4)");

    assertThat(texts(normalise(data, InstanceNorm.DEFAULT.normalizer(shape), policies)))
        .containsExactly("[NaN, NaN, NaN, 0.0, null, 0.0]");
    Statistics statistics =
        fit(data, FitKind.INSTANCE_STATISTICS, shape, policies)
            .moments()
            .orElseThrow()
            .statistics();
    assertThat(statistics.mean()).isEqualTo(Coefficients.of(Double.NaN, 4, Double.NaN, 0));
  }

  @Test
  void instanceStatisticsAreAveragedOverRecords(@TempDir Path folder) {
    TensorShape shape = new TensorShape(List.of(TensorShape.VARIABLE, 2), Layout.CHANNELS_LAST);
    Dataset<Row> data =
        rows(folder, "array<float>", "array(1, 5, 3, 5)", "array(0, 1, 0, 2, 6, 3)", "array()");

    Statistics statistics =
        fit(data, FitKind.INSTANCE_STATISTICS, shape, FaultPolicies.DEFAULT)
            .moments()
            .orElseThrow()
            .statistics();

    // Means 2 and 5, then 2 and 2; unbiased variances 2 and 0, then 12 and 1.
    assertThat(statistics.mean()).isEqualTo(Coefficients.of(2, 3.5, 7, 0.5));
    assertThat(statistics.variance(Variance.BIASED).get(0)).isZero();
  }

  @Test
  void instanceStatisticsOfOneValueAreRefused(@TempDir Path folder) {
    Dataset<Row> data = rows(folder, "array<float>", "array(1, 5)");
    Throwable thrown =
        catchThrowable(() -> fit(data, FitKind.INSTANCE_STATISTICS, PAIR, FaultPolicies.DEFAULT));

    assertThat(JobException.in(thrown))
        .get()
        .extracting(JobException::getMessage)
        .asString()
        .startsWith(
            "Cannot read column x: Cannot take instance statistics: each channel of a record has"
                + " a single value");
  }

  @Test
  void raggedNestedArraysHaveAWrongLength(@TempDir Path folder) {
    TensorShape shape = new TensorShape(List.of(2, 2), Layout.CHANNELS_FIRST);
    for (String value :
        List.of("array(array(1, 2), array(3))", "array(array(1, 2), null)", "array(array(1, 2))")) {
      Dataset<Row> data = rows(folder, "array<array<float>>", value);
      assertThatThrownBy(() -> normalise(data, batchNorm(shape), FaultPolicies.DEFAULT).collect())
          .hasStackTraceContaining(
              "Cannot read column x: the nested arrays are ragged or do not fit the shape [2, 2]"
                  + " channels-first");
    }
  }

  @Test
  void fitsOfAllPartitionsGiveOneState() {
    Dataset<Row> data = spark().range(0, 1000, 1, 7).selectExpr("array(id / 7d, sqrt(id)) AS x");

    FitPart many = fit(data, FitKind.CHANNEL_MOMENTS, PAIR, FaultPolicies.DEFAULT);
    FitPart one = fit(data.coalesce(1), FitKind.CHANNEL_MOMENTS, PAIR, FaultPolicies.DEFAULT);

    assertThat(many.records()).isEqualTo(1000);
    assertThat(many.moments().orElseThrow().statistics())
        .isEqualTo(one.moments().orElseThrow().statistics());
  }

  @Test
  void generatedCodeCallsTheBoundFunctionAndNothingIsShuffled(@TempDir Path folder) {
    Dataset<Row> normalised =
        normalise(
            rows(folder, "array<float>", "array(1, 3)"), batchNorm(PAIR), FaultPolicies.DEFAULT);

    String code = normalised.queryExecution().debug().codegenToSeq().mkString();
    assertThat(code).contains(".invoke(").doesNotContain("produceResult");
    assertThat(normalised.queryExecution().executedPlan().toString())
        .contains(".invoke")
        .doesNotContain("Exchange");
  }

  @Test
  void otherTypesAreRefusedWhenTheColumnIsMade() {
    assertThatThrownBy(
            () ->
                normalise(
                    spark().sql("SELECT array('a') AS x"), batchNorm(PAIR), FaultPolicies.DEFAULT))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining(
            "Invalid tensor type: array<string> (arrays of integers, float or double, at any depth,"
                + " and ML vectors hold tensors)");
    assertThatThrownBy(
            () ->
                normalise(
                    spark().sql("SELECT array(array(1.0f)) AS x"),
                    batchNorm(PAIR),
                    FaultPolicies.DEFAULT))
        .hasMessageContaining(
            "Cannot read arrays nested 2 deep as [2]: expected flat arrays or 1 levels");
  }

  @Test
  void columnsAreGoodUntilTheFunctionsAreClosed() {
    Column late;
    try (RunFunctions functions = RunFunctions.open(spark())) {
      late = functions.pass(col("x"), batchNorm(PAIR), rules(FaultPolicies.DEFAULT));
    }

    Dataset<Row> data = spark().sql("SELECT array(1.0f, 2.0f) AS x");
    assertThatThrownBy(() -> data.select(late)).isInstanceOf(AnalysisException.class);
  }

  @Test
  void nullabilityOfTheInputIsKept() {
    StructType schema =
        new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType, false), false);
    Dataset<Row> data =
        spark().createDataFrame(List.of(RowFactory.create((Object) new float[] {1, 2})), schema);

    assertThat(normalise(data, batchNorm(PAIR), FaultPolicies.DEFAULT).schema()).isEqualTo(schema);
  }
}
