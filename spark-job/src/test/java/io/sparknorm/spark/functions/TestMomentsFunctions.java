package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.ElementType;
import io.sparknorm.spark.models.InputIdentity;
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
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Saved states of exact moments in SQL. */
class TestMomentsFunctions extends SparkTest {
  @TempDir private Path store;
  private SparkSession session;

  @BeforeEach
  void sessionWithStoreAndRecords() {
    session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    session.conf().set("spark.sql.catalog.norm.store", store.toString());
    session
        .range(0, 300, 1, 7)
        .selectExpr(
            "id % 3 AS day",
            "transform(sequence(1, 4), i -> sin(id * 7 + i) * power(10, id % 21 - 10)) AS x")
        .createOrReplaceTempView("records");
    session
        .sql("SELECT day, norm.fit_moments(x) AS state FROM records GROUP BY day")
        .createOrReplaceTempView("days");
  }

  private byte[] state(String query) {
    return session.sql(query).first().getAs(0);
  }

  private String text(String expression) {
    return session.sql("SELECT CAST(" + expression + " AS string)").first().getString(0);
  }

  @Test
  void statesOfGroupsMergeAndSubtractToTheBytesOfOneFit() {
    assertThat(state("SELECT norm.merge_moments(state) FROM days"))
        .isEqualTo(state("SELECT norm.fit_moments(x) FROM records"));
    assertThat(
            state(
                """
                SELECT norm.subtract_moments((SELECT norm.merge_moments(state) FROM days), state)
                FROM days WHERE day = 0
                """))
        .isEqualTo(state("SELECT norm.fit_moments(x) FROM records WHERE day > 0"));
  }

  @Test
  void aStateTellsWhatChannelMomentsTell() {
    List<Row> found =
        session
            .sql("SELECT day, norm.moments_of(state) AS moments FROM days ORDER BY day")
            .collectAsList();

    assertThat(found)
        .isEqualTo(
            session
                .sql("SELECT day, norm.channel_moments(x) FROM records GROUP BY day ORDER BY day")
                .collectAsList());
    assertThat(text("norm.moments_of(norm.fit_moments(array(1d, 5d, 3d, 9d), 2, 'NHWC'))"))
        .isEqualTo("[{2, 2.0, 1.0}, {2, 7.0, 4.0}]");
  }

  @Test
  void statesMergeInStepsAndGroups() {
    assertThat(
            session
                .sql(
                    """
                    SELECT norm.moments_of(norm.merge_moments(state))[0].count
                    FROM days GROUP BY day > 0 ORDER BY 1
                    """)
                .as(org.apache.spark.sql.Encoders.LONG())
                .collectAsList())
        .containsExactly(100L, 200L);
  }

  @Test
  void aModelsStateAndItsFileAreTheSame() throws IOException {
    publish(new Moments(2).add(0, 1).add(1, 2));
    publish(new Moments(2).add(0, 3).add(1, 4));
    String files = "binaryFile.`%s/pair/v=%s/moments-*.bin`";

    assertThat(state("SELECT norm.pair.moments()"))
        .isEqualTo(state("SELECT content FROM " + files.formatted(store, 2)));
    assertThat(state("SELECT norm.pair.`v=1`.moments()"))
        .isEqualTo(state("SELECT content FROM " + files.formatted(store, 1)));
    Dataset<Row> merged =
        session.sql(
            "SELECT CAST(norm.moments_of(norm.merge_moments(content)) AS string) FROM "
                + files.formatted(store, "*"));
    assertThat(merged.first().getString(0)).isEqualTo("[{2, 2.0, 1.0}, {2, 3.0, 1.0}]");
  }

  @Test
  void aModelWithoutMomentsHasNoState() throws IOException {
    publish(new NormSpec(LayerNorm.over(2), Optional.empty()), Optional.empty());

    assertThatThrownBy(() -> state("SELECT norm.pair.moments()"))
        .hasMessage("Cannot read the moments of pair v=1: it has none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "norm.moments_of(NULL)",
        "norm.merge_moments(CAST(NULL AS binary))",
        "norm.subtract_moments(NULL, CAST(NULL AS binary))",
        "norm.fit_moments(CAST(NULL AS array<double>))"
      })
  void nullGivesNull(String call) {
    assertThat(session.sql("SELECT " + call).first().isNullAt(0)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " | ",
      value = {
        "norm.moments_of(X'504B0304') | Cannot call norm.moments_of: Cannot read moments: expected"
            + " a state that begins with 534e4d4d, found 504b0304",
        "norm.moments_of(substr(s, 1, 20)) | Cannot call norm.moments_of: Cannot read moments: the"
            + " state ends after 0 of 1 channels",
        "norm.moments_of(s || X'00') | Cannot call norm.moments_of: Cannot read moments: 1 bytes"
            + " follow the state",
        "norm.merge_moments(X'00') | Cannot call norm.merge_moments: Cannot read moments: the state"
            + " ends within its header",
        "norm.subtract_moments(s, t) | Cannot call norm.subtract_moments: Cannot subtract moments:"
            + " channel 0 would be left with -1 values",
        "norm.subtract_moments(s, u) | Cannot call norm.subtract_moments: Cannot subtract moments:"
            + " 2 channels (expected 1)"
      })
  void whatIsNoStateOrWasNeverAddedIsRefused(String call, String message) {
    session
        .sql(
            """
            SELECT norm.fit_moments(array(1d)) AS s, norm.fit_moments(array(1d, 2d), 1) AS t,
              norm.fit_moments(array(1d, 2d)) AS u
            """)
        .createOrReplaceTempView("states");

    assertThatThrownBy(() -> session.sql("SELECT " + call + " FROM states").collect())
        .hasStackTraceContaining(message);
  }

  @Test
  void statesOfOtherNumbersOfChannelsDoNotMerge() {
    assertThatThrownBy(
            () ->
                session
                    .sql(
                        """
                        SELECT norm.merge_moments(state) FROM (
                          SELECT norm.fit_moments(array(1d)) AS state UNION ALL
                          SELECT norm.fit_moments(array(1d, 2d)))
                        """)
                    .collect())
        .hasStackTraceContaining("Cannot call norm.merge_moments: Cannot merge moments: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "norm.moments_of('a') | Invalid state: type string (expected binary)",
        "norm.moments_of() | Wrong number of inputs: 0 (expected moments_of(state))",
        "norm.subtract_moments(X'00') | Wrong number of inputs: 1 (expected"
            + " subtract_moments(state, less))",
        "norm.subtract_moments(X'00', 1) | Invalid less: type int (expected binary)"
      })
  void typesAreCheckedWhenTheQueryIsAnalysed(String call, String message) {
    assertThatThrownBy(() -> session.sql("SELECT " + call))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining(message);
  }

  @Test
  void generatedCodeCallsFunctionsOfStates() {
    Dataset<Row> data =
        session
            .sql("SELECT state FROM days")
            .localCheckpoint()
            .selectExpr("norm.moments_of(state)", "norm.subtract_moments(state, state)");

    assertThat(data.queryExecution().executedPlan().toString())
        .contains("norm.moments_of.invoke", "norm.subtract_moments.invoke");
    assertThat(data.queryExecution().debug().codegenToSeq().mkString())
        .contains(".invoke(")
        .doesNotContain("produceResult");
    assertThat(data.first().getList(0)).hasSize(4);
  }

  private void publish(Moments moments) throws IOException {
    publish(new NormSpec(BatchNorm.DEFAULT, Optional.empty()), Optional.of(moments));
  }

  private void publish(NormSpec spec, Optional<Moments> moments) throws IOException {
    ModelStore models = new ModelStore(store.toString(), new Configuration());
    int run = models.versions("pair").size();
    InputIdentity input = new InputIdentity(InputIdentity.Kind.UNKNOWN, "test", List.of(), "0");
    models.publish(
        "pair",
        new Draft(
            spec,
            RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE),
            moments,
            new Provenance(
                "run-" + run,
                "identity-" + run,
                Instant.EPOCH,
                "0",
                input,
                new RecordCounts(1, 0, Map.of()))));
  }
}
