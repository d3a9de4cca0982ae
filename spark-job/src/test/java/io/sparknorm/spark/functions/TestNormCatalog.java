package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.sparknorm.spark.SparkTest;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestNormCatalog extends SparkTest {
  private static final double[] X = {1, 2, 3, 5, 8, 13, -21, 34};
  private static final String ARRAY = "array(1d, 2d, 3d, 5d, 8d, 13d, -21d, 34d)";

  /** A session of its own, so that settings of the catalog stay within a test. */
  private SparkSession session(String... settings) {
    SparkSession session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    for (int i = 0; i < settings.length; i += 2) {
      session.conf().set("spark.sql.catalog.norm." + settings[i], settings[i + 1]);
    }

    return session;
  }

  private Object evaluate(String expression) {
    return session().sql("SELECT " + expression).first().get(0);
  }

  private List<Double> doubles(String expression) {
    return session().sql("SELECT " + expression).first().getList(0);
  }

  /** What each element is multiplied by, and the mean of its slice, to 50 digits. */
  private record Slice(BigDecimal mean, BigDecimal meanSquare) {
    static Slice of(double[] x, int... positions) {
      BigDecimal n = BigDecimal.valueOf(positions.length);
      BigDecimal sum = BigDecimal.ZERO;
      BigDecimal squares = BigDecimal.ZERO;
      for (int position : positions) {
        BigDecimal value = new BigDecimal(x[position]);
        sum = sum.add(value);
        squares = squares.add(value.multiply(value));
      }

      MathContext digits = new MathContext(50);
      return new Slice(sum.divide(n, digits), squares.divide(n, digits));
    }

    double standardised(double x, double epsilon) {
      return new BigDecimal(x).subtract(mean).doubleValue() / deviation(epsilon);
    }

    double deviation(double epsilon) {
      BigDecimal variance = meanSquare.subtract(mean.multiply(mean));
      return variance.add(new BigDecimal(epsilon)).sqrt(new MathContext(40)).doubleValue();
    }

    double rootMeanSquare(double epsilon) {
      return meanSquare.add(new BigDecimal(epsilon)).sqrt(new MathContext(40)).doubleValue();
    }
  }

  private static void assertClose(List<Double> found, double... expected) {
    assertThat(found).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found.get(i)).as("element %d", i).isCloseTo(expected[i], offset(1e-13));
    }
  }

  @Test
  void layerNormStandardisesBlocks() {
    Slice first = Slice.of(X, 0, 1, 2, 3);
    Slice second = Slice.of(X, 4, 5, 6, 7);
    double[] expected = new double[8];
    for (int i = 0; i < 8; i++) {
      expected[i] = (i < 4 ? first : second).standardised(X[i], 0.5);
    }

    assertClose(doubles("norm.layer_norm(%s, 4, 0.5)".formatted(ARRAY)), expected);
  }

  @Test
  void layerNormTakesTheWholeArrayByDefault() {
    Slice whole = Slice.of(X, 0, 1, 2, 3, 4, 5, 6, 7);
    double[] expected = Arrays.stream(X).map(x -> whole.standardised(x, 1e-5)).toArray();

    assertClose(doubles("norm.layer_norm(%s)".formatted(ARRAY)), expected);
    assertClose(doubles("norm.layer_norm(%s, 8)".formatted(ARRAY)), expected);
    assertThat(doubles("norm.layer_norm(CAST(array() AS array<double>))")).isEmpty();
  }

  @Test
  void rmsNormDividesByTheRootMeanSquare() {
    Slice whole = Slice.of(X, 0, 1, 2, 3, 4, 5, 6, 7);
    double[] expected = Arrays.stream(X).map(x -> x / whole.rootMeanSquare(0.25)).toArray();

    assertClose(doubles("norm.rms_norm(%s, 8, 0.25)".formatted(ARRAY)), expected);
  }

  @Test
  void instanceNormStandardisesChannelsOfEitherLayout() {
    Slice even = Slice.of(X, 0, 2, 4, 6);
    Slice odd = Slice.of(X, 1, 3, 5, 7);
    double[] last = new double[8];
    for (int i = 0; i < 8; i++) {
      last[i] = (i % 2 == 0 ? even : odd).standardised(X[i], 0.5);
    }

    assertClose(doubles("norm.instance_norm(%s, 2, 'channels-last', 0.5)".formatted(ARRAY)), last);
    assertClose(doubles("norm.instance_norm(%s, 2, 'NHWC', 0.5)".formatted(ARRAY)), last);
    assertThat(doubles("norm.instance_norm(%s, 2)".formatted(ARRAY)))
        .isEqualTo(doubles("norm.layer_norm(%s, 4)".formatted(ARRAY)));
  }

  @Test
  void groupNormStandardisesGroupsOfChannels() {
    assertThat(doubles("norm.group_norm(%s, 4, 2, 'nchw', 0.5)".formatted(ARRAY)))
        .isEqualTo(doubles("norm.layer_norm(%s, 4, 0.5)".formatted(ARRAY)));
    Slice first = Slice.of(X, 0, 1, 4, 5);
    Slice second = Slice.of(X, 2, 3, 6, 7);
    double[] last = new double[8];
    for (int i = 0; i < 8; i++) {
      last[i] = (i % 4 < 2 ? first : second).standardised(X[i], 1e-5);
    }

    assertClose(doubles("norm.group_norm(%s, 4, 2, 'channels-last')".formatted(ARRAY)), last);
  }

  @Test
  void evonormGatesAndDivides() {
    Slice whole = Slice.of(X, 0, 1, 2, 3, 4, 5, 6, 7);
    double[] expected =
        Arrays.stream(X).map(x -> x / (1 + Math.exp(-x)) / whole.deviation(1e-5)).toArray();

    assertClose(doubles("norm.evonorm_s0(%s, 4, 1)".formatted(ARRAY)), expected);
  }

  @Test
  void channelMomentsAreExact() {
    SparkSession session = session();
    Dataset<Row> data =
        session.range(0, 1000, 1, 5).selectExpr("array(1.7e9 + id % 2, 3d, id % 2, 5d) AS x");
    data.createOrReplaceTempView("t");

    assertThat(moments(session, "norm.channel_moments(x)"))
        .isEqualTo(
            "[{1000, 1.7000000005E9, 0.25}, {1000, 3.0, 0.0}, {1000, 0.5, 0.25},"
                + " {1000, 5.0, 0.0}]");
    assertThat(moments(session, "norm.channel_moments(x, 2, 'channels-last')"))
        .isEqualTo("[{2000, 8.500000005E8, 7.225E17}, {2000, 4.0, 1.0}]");
    assertThat(moments(session, "norm.channel_moments(x, 2)"))
        .isEqualTo(moments(session, "norm.channel_moments(x, 2, 'NCHW')"));
    assertThat(moments(session, "norm.channel_moments(x) FILTER (WHERE x[0] < 0)")).isNull();
  }

  private static String moments(SparkSession session, String aggregate) {
    return session.sql("SELECT CAST(" + aggregate + " AS string) FROM t").first().getString(0);
  }

  @Test
  void channelMomentsOfDifferentLengthsAreRefused() {
    assertThatThrownBy(
            () ->
                session()
                    .sql(
                        "SELECT norm.channel_moments(x)"
                            + " FROM (SELECT explode(array(array(1d), array(1d, 2d))) AS x)")
                    .collect())
        .hasStackTraceContaining(
            "Cannot read the argument of norm.channel_moments: the array has 2 elements (expected"
                + " 1 for the shape [1])");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "array(1, 3) | array<float>",
        "array(1Y, 3Y) | array<float>",
        "array(1f, 3f) | array<float>",
        "array(1d, 3d) | array<double>",
        "array(array(1d), array(3d)) | array<array<double>>"
      })
  void everyArrayIsTaken(String x, String type) {
    Dataset<Row> result = session().sql("SELECT norm.layer_norm(%s, 2, 0) AS y".formatted(x));

    assertThat(result.schema().apply("y").dataType().simpleString()).isEqualTo(type);
    assertThat(result.selectExpr("to_json(struct(y))").first().getString(0).replace("],[", ","))
        .contains("[-1.0,1.0]");
  }

  @Test
  void nestedArraysHaveTheirChannelsWhereTheLayoutSays() {
    String x = "array(array(1d, 5d), array(3d, 9d), array(5d, 1d))";
    assertThat(evaluate("norm.instance_norm(%s, 2, 'channels-last') IS NULL".formatted(x)))
        .isEqualTo(false);
    assertThatThrownBy(() -> evaluate("norm.instance_norm(%s, 2)".formatted(x)))
        .hasStackTraceContaining(
            "the nested arrays are ragged or do not fit the shape [2, -1] channels-first");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "norm.layer_norm(CAST(NULL AS array<float>))",
        "norm.layer_norm(array(1d, 2d), CAST(NULL AS int))",
        "norm.instance_norm(array(1d, 2d), 1, CAST(NULL AS string))",
        "norm.instance_norm(array(1d, 2d), 1, NULL)",
        "norm.group_norm(array(1d, 2d), 1, 1, NULL, 0)",
        "norm.evonorm_s0(CAST(NULL AS array<double>), 1, 1)",
        "norm.channel_moments(CAST(NULL AS array<double>))"
      })
  void nullGivesNull(String call) {
    assertThat(evaluate(call)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "norm.layer_norm(array(1d, 2d), 0) | Cannot call norm.layer_norm: Invalid normalized_size:"
            + " 0 (must be positive)",
        "norm.rms_norm(array(1d, 2d), 2, -1) | Cannot call norm.rms_norm: Invalid epsilon: -1.0"
            + " (must be finite and not negative)",
        "norm.group_norm(array(1d, 2d), 2, 3) | Cannot call norm.group_norm: Invalid groups: 3"
            + " (must divide the 2 channels)",
        "norm.instance_norm(array(1d, 2d), 1, 'NWHC') | Cannot call norm.instance_norm: Invalid"
            + " layout: NWHC (must be channels-first or channels-last; NCHW and NHWC stand for"
            + " them)",
        "norm.instance_norm(array(1d, 2d), 2) | each channel of a record has a single value",
        "norm.layer_norm(array(1d, 2d, 3d), 2) | Cannot read the argument of norm.layer_norm: the"
            + " array has 3 elements (expected a multiple of 2 for the shape [-1, 2]"
            + " channels-last); to go on, set spark.sql.catalog.norm.faults.wrong-length ="
            + " propagate | drop-record | skip-value",
        "norm.layer_norm(array(1d, NULL)) | element 1 (channel 1) is null",
        "norm.channel_moments(array(1d, 2d), 0) | Cannot call norm.channel_moments: Invalid"
            + " channels: 0 (must be positive)"
      })
  void valuesOutOfRangeAreRefused(String call, String message) {
    assertThatThrownBy(() -> evaluate(call)).hasStackTraceContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "norm.layer_norm() | Wrong number of inputs: 0 (expected layer_norm(x [, normalized_size [,"
            + " epsilon]]))",
        "norm.group_norm(array(1d)) | Wrong number of inputs: 1 (expected group_norm(x, channels [,"
            + " groups [, layout [, epsilon]]]))",
        "norm.layer_norm('a') | Invalid tensor type: string",
        "norm.layer_norm(array(1d), 'a') | Invalid normalized_size: type string (expected int)",
        "norm.instance_norm(array(1d), 1, 2) | Invalid layout: type int (expected string)"
      })
  void typesAreCheckedWhenTheQueryIsAnalysed(String call, String message) {
    assertThatThrownBy(() -> session().sql("SELECT " + call))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining(message);
  }

  @Test
  void faultPoliciesAreSettingsOfTheCatalog() {
    SparkSession session =
        session("faults.null-element", "skip-value", "faults.wrong-length", "drop-record");

    Row row =
        session
            .sql(
                "SELECT CAST(norm.layer_norm(array(4d, NULL, 4d)) AS string),"
                    + " norm.layer_norm(array(4d), 2)")
            .first();
    assertThat(row.getString(0)).isEqualTo("[0.0, null, 0.0]");
    assertThat(row.isNullAt(1)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "faults.nan | ignore | Invalid spark.sql.catalog.norm.faults.nan: ignore (must be one of"
            + " fail, propagate, drop-record, skip-value)",
        "stor | x | Unknown setting spark.sql.catalog.norm.stor: the catalog has"
            + " spark.sql.catalog.norm.store and spark.sql.catalog.norm.faults.{nan, infinity,"
            + " null-array, null-element, wrong-length}"
      })
  void settingsAreChecked(String key, String value, String message) {
    assertThatThrownBy(
            () ->
                new NormCatalog()
                    .initialize("norm", new CaseInsensitiveStringMap(Map.of(key, value))))
        .hasMessage(message);
  }

  @Test
  void generatedCodeCallsPlainFunctionsAndNothingIsShuffled() {
    SparkSession session = session();
    Dataset<Row> data =
        session
            .range(10)
            .selectExpr("array(id, id + 1, id * 3f) AS x")
            .selectExpr(
                "norm.layer_norm(x) AS a",
                "norm.rms_norm(x, 3) AS b",
                "norm.instance_norm(x, 1, 'NHWC') AS c",
                "norm.group_norm(x, 3, 1, 'NHWC', 0.1) AS d",
                "norm.evonorm_s0(x, 3, 3) AS e");

    assertThat(data.queryExecution().debug().codegenToSeq().mkString())
        .contains(".invoke(")
        .doesNotContain("produceResult");
    assertThat(data.queryExecution().executedPlan().toString())
        .contains("norm.layer_norm.invoke")
        .contains("norm.rms_norm.invoke")
        .contains("norm.instance_norm.invoke")
        .contains("norm.group_norm.invoke")
        .contains("norm.evonorm_s0.invoke")
        .doesNotContain("Exchange");
    assertThat(data.collectAsList()).hasSize(10);
  }

  @Test
  void argumentsMayChangeFromRowToRow() {
    Dataset<Row> data =
        session()
            .sql(
                "SELECT norm.layer_norm(array(1d, 3d, 5d, 7d), n, 0) AS y"
                    + " FROM (SELECT explode(array(4, 2, 2, 4)) AS n)");
    assertThat(data.selectExpr("y[1]").as(org.apache.spark.sql.Encoders.DOUBLE()).collectAsList())
        .satisfies(
            values -> {
              assertThat(values.get(1)).isEqualTo(1);
              assertThat(values.get(2)).isEqualTo(1);
              assertThat(values.get(0)).isCloseTo(-1 / Math.sqrt(5), offset(1e-15));
              assertThat(values.get(3)).isEqualTo(values.get(0));
            });
  }

  @Test
  void functionsAreListedAndFoundWhateverTheirCase() throws Exception {
    NormCatalog catalog = new NormCatalog();
    catalog.initialize("norm", CaseInsensitiveStringMap.empty());

    assertThat(catalog.listFunctions(new String[0]))
        .extracting(Identifier::name)
        .containsExactly(
            "layer_norm",
            "rms_norm",
            "instance_norm",
            "group_norm",
            "evonorm_s0",
            "channel_moments",
            "fit_moments",
            "merge_moments",
            "subtract_moments",
            "moments_of");
    assertThat(catalog.functionExists(Identifier.of(new String[0], "Layer_Norm"))).isTrue();
    assertThat(catalog.functionExists(Identifier.of(new String[0], "layr_norm"))).isFalse();
    assertThat(evaluate("norm.LAYER_NORM(array(2d))").toString()).contains("0.0");
  }

  @Test
  void unknownFunctionsAreRefused() {
    assertThatThrownBy(() -> evaluate("norm.layr_norm(array(2d))"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("`norm`.`layr_norm`");
  }
}
