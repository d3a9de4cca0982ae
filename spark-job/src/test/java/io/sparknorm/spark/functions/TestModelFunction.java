package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.RmsNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.ElementType;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Provenance;
import io.sparknorm.spark.models.RecordCounts;
import io.sparknorm.spark.models.RecordType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestModelFunction extends SparkTest {
  private static final Norm BATCH_NORM =
      new BatchNorm(Denominator.insideSqrt(0), Affine.NONE, Activation.NONE);

  @TempDir private Path store;
  private SparkSession session;

  @BeforeEach
  void sessionWithStore() {
    session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    session.conf().set("spark.sql.catalog.norm.store", store.toString());
  }

  /** Publishes a version that is fitted on these records of two channels. */
  private void publish(String name, NormSpec spec, RecordType type, Optional<double[]> records)
      throws IOException {
    int run = new ModelStore(store.toString(), new Configuration()).versions(name).size();
    Provenance provenance =
        new Provenance(
            "run-" + run,
            "%064x".formatted(run),
            Instant.EPOCH,
            "0",
            new InputIdentity(
                InputIdentity.Kind.UNKNOWN, "nowhere", List.of(), "%064x".formatted(0)),
            new RecordCounts(2, 0, Map.of()));
    Optional<Moments> moments =
        records.map(x -> new Moments(2).add(x, new TensorView(x.length / 2, 2, 1)));
    new ModelStore(store.toString(), new Configuration())
        .publish(name, new Draft(spec, type, moments, provenance));
  }

  private void publishBatchNorm(ElementType type, double... records) throws IOException {
    publish(
        "pair",
        new NormSpec(BATCH_NORM, Optional.empty()),
        RecordType.tensor(TensorShape.vector(2), type),
        Optional.of(records));
  }

  private Object evaluate(String expression) {
    return session.sql("SELECT CAST(" + expression + " AS string)").first().get(0);
  }

  @Test
  void theNewestVersionOrAPinnedOneIsApplied() throws IOException {
    publishBatchNorm(ElementType.FLOAT, 0, 1, 2, 5);
    publishBatchNorm(ElementType.FLOAT, 0, 0, 8, 8);

    assertThat(evaluate("norm.pair.apply(array(2f, 5f))")).isEqualTo("[-0.5, 0.25]");
    assertThat(evaluate("norm.pair.`v=1`.apply(array(2f, 5f))")).isEqualTo("[1.0, 1.0]");
    assertThat(evaluate("norm.pair.`v=2`.Apply(array(2f, 5f))")).isEqualTo("[-0.5, 0.25]");
    assertThat(evaluate("norm.pair.apply(CAST(NULL AS array<float>))")).isNull();
  }

  @Test
  void anAliasStandsForItsVersion() throws IOException {
    publishBatchNorm(ElementType.FLOAT, 0, 1, 2, 5);
    publishBatchNorm(ElementType.FLOAT, 0, 0, 8, 8);
    ModelStore models = new ModelStore(store.toString(), new Configuration());

    models.setAlias("production", new ModelId("pair", 1));
    assertThat(evaluate("norm.pair.production.apply(array(2f, 5f))")).isEqualTo("[1.0, 1.0]");
    models.setAlias("production", new ModelId("pair", 2));
    assertThat(evaluate("norm.pair.`production`.apply(array(2f, 5f))")).isEqualTo("[-0.5, 0.25]");

    assertThatThrownBy(() -> evaluate("norm.pair.canary.apply(array(2f, 5f))"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("`norm`.`pair`.`canary`.`apply`");
  }

  @Test
  void runningStatisticsAreAppliedWhereTheyAreKept() throws IOException {
    NormSpec.Tracking tracking =
        new NormSpec.Tracking(new Momentum(0.5, Momentum.Convention.NEW_WEIGHT), Variance.BIASED);
    publish(
        "pair",
        new NormSpec(BATCH_NORM, Optional.of(tracking)),
        RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE),
        Optional.of(new double[] {1, 1, 3, 3}));

    // The mean moves from 0 halfway to 2, the variance from 1 halfway to 1.
    assertThat(evaluate("norm.pair.apply(array(1d, 3d))")).isEqualTo("[0.0, 2.0]");
  }

  @Test
  void aModelOverScalarColumnsTakesAnArrayOfThem() throws IOException {
    publish(
        "columns",
        new NormSpec(BATCH_NORM, Optional.empty()),
        new RecordType(TensorShape.vector(2), ElementType.INT, List.of("a", "b")),
        Optional.of(new double[] {0, 1, 2, 5}));

    Dataset<Row> data = session.sql("SELECT 2 AS a, 5 AS b");
    assertThat(data.selectExpr("norm.columns.apply(array(a, b)) AS y").first().getList(0))
        .isEqualTo(List.of(1f, 1f));
  }

  @Test
  void vectorsAreTaken() throws IOException {
    publishBatchNorm(ElementType.DOUBLE, 0, 1, 2, 5);
    Dataset<Row> data =
        session.createDataFrame(
            List.of(RowFactory.create(Vectors.sparse(2, new int[] {1}, new double[] {5}))),
            new StructType().add("x", SQLDataTypes.VectorType()));

    assertThat(data.selectExpr("norm.pair.apply(x)").first().<Vector>getAs(0))
        .isEqualTo(Vectors.dense(-1, 1));
  }

  @Test
  void normsWithoutStatisticsAreModelsToo() throws IOException {
    publish(
        "rms",
        new NormSpec(RmsNorm.over(0, 2), Optional.empty()),
        RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE),
        Optional.empty());

    assertThat(evaluate("norm.rms.apply(array(5d, -5d))")).isEqualTo("[1.0, -1.0]");
  }

  @Test
  void anotherElementTypeIsRefusedWhenTheQueryIsAnalysed() throws IOException {
    publishBatchNorm(ElementType.FLOAT, 0, 1, 2, 5);

    assertThatThrownBy(() -> session.sql("SELECT norm.pair.apply(array(1d, 2d))"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining(
            "Cannot apply model pair v=1: the data does not match\n"
                + "  model: [2] float\n"
                + "  data:  [2] double");
  }

  @Test
  void anotherLengthIsRefusedWhenItIsMet() throws IOException {
    publishBatchNorm(ElementType.FLOAT, 0, 1, 2, 5);

    assertThatThrownBy(() -> evaluate("norm.pair.apply(array(1f, 2f, 3f))"))
        .hasStackTraceContaining(
            "Cannot read the argument of norm.pair.apply: the array has 3 elements (expected 2 for"
                + " the shape [2])");
  }

  @Test
  void generatedCodeCallsTheModelAndNothingIsShuffled() throws IOException {
    publishBatchNorm(ElementType.DOUBLE, 0, 1, 2, 5);
    Dataset<Row> normalised =
        session.range(4).selectExpr("norm.pair.apply(array(id * 1d, 2d)) AS y");

    assertThat(normalised.queryExecution().debug().codegenToSeq().mkString()).contains(".invoke(");
    assertThat(normalised.queryExecution().executedPlan().toString())
        .contains("norm.pair.apply.invoke")
        .doesNotContain("Exchange");
  }

  @Test
  void whatIsNotThereIsRefused() throws IOException {
    publishBatchNorm(ElementType.DOUBLE, 0, 1, 2, 5);

    assertThatThrownBy(() -> evaluate("norm.pear.apply(array(1d, 2d))"))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("`norm`.`pear`.`apply`");
    assertThatThrownBy(() -> evaluate("norm.pair.fit(array(1d, 2d))"))
        .hasMessageContaining("`norm`.`pair`.`fit`");
    assertThatThrownBy(() -> evaluate("norm.pair.`3`.apply(array(1d, 2d))"))
        .hasMessageContaining("`norm`.`pair`.`3`.`apply`");
    assertThatThrownBy(() -> evaluate("norm.pair.`v=2`.apply(array(1d, 2d))"))
        .hasMessageContaining("Cannot load model pair v=2: there is no such version");
  }

  @Test
  void modelsAreListed() throws Exception {
    publishBatchNorm(ElementType.DOUBLE, 0, 1, 2, 5);
    NormCatalog catalog = new NormCatalog();
    catalog.initialize("norm", new CaseInsensitiveStringMap(Map.of("store", store.toString())));

    assertThat(catalog.listFunctions(new String[] {"pair"}))
        .containsExactly(
            Identifier.of(new String[] {"pair"}, "apply"),
            Identifier.of(new String[] {"pair"}, "moments"));
    assertThatThrownBy(() -> catalog.listFunctions(new String[] {"pear"}))
        .hasMessageContaining("pear");
  }

  @Test
  void modelsNeedAStore() {
    session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());

    assertThatThrownBy(() -> evaluate("norm.pair.apply(array(1d, 2d))"))
        .hasMessage("Cannot look up models: spark.sql.catalog.norm.store is not set");
  }

  @Test
  void everyExampleRuns() throws IOException {
    publish(
        "user_embeddings",
        new NormSpec(BATCH_NORM, Optional.empty()),
        RecordType.tensor(TensorShape.vector(2), ElementType.FLOAT),
        Optional.of(new double[] {0, 1, 2, 5}));

    for (Signature signature : NormFunctions.signatures()) {
      assertThat(session.sql("SELECT " + signature.example()).first().isNullAt(0))
          .as(signature.example())
          .isFalse();
      assertThat(NormFunctions.describe())
          .contains("SELECT " + signature.example())
          .contains(signature.usage());
    }
  }
}
