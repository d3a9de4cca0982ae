package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.Fault;
import java.io.IOException;
import org.apache.spark.sql.Encoders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every fault under every policy, in the first of two blocks. */
class TestJobFaults extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output.path = ${dir}/out
      features = [{ column = x, shape = [2] }, { column = y, shape = [1] }]
      norm { type = batch-norm, epsilon = 0 }
      store { path = ${dir}/store, model = m }
      """;

  @ParameterizedTest
  @EnumSource
  void failNamesColumnChannelValueAndFile(Fault fault) throws IOException {
    writeThirdRecordWith(fault);

    String refusal = refusal(Command.RUN, job(fault, "fail"), LeavingStatus.DATA);

    String what =
        switch (fault) {
          case NAN -> "element 0 \\(channel 0\\) is NaN";
          case INFINITY -> "element 0 \\(channel 0\\) is Infinity";
          case NULL_ARRAY -> "the array is null";
          case NULL_ELEMENT -> "element 0 \\(channel 0\\) is null";
          case WRONG_LENGTH -> "the array has 3 elements \\(expected 2 for the shape \\[2\\]\\)";
        };
    assertThat(refusal)
        .matches(
            "Cannot read column x: %s in file file:.*/in/part-.*\\.parquet; to go on, set faults\\.%s"
                    .formatted(what, fault.key())
                + " = propagate \\| drop-record \\| skip-value");
    assertThat(entries()).containsExactly("in");
  }

  @ParameterizedTest
  @EnumSource
  void dropRecordLeavesTheRecordOutOfBothBlocks(Fault fault) throws IOException {
    writeThirdRecordWith(fault);

    Summary summary = run(job(fault, "drop-record"));

    assertThat(json(output()))
        .containsExactly(
            "{\"id\":1,\"x\":[-1.0,-1.0],\"y\":[-1.0]}", "{\"id\":2,\"x\":[1.0,1.0],\"y\":[1.0]}");
    assertCounts("m_x", "[2,2]", 1, fault);
    assertThat(statistics("m_y", 1).get("count").toString()).isEqualTo("[2]");
    assertThat(manifest("m_y", 1).at("/counts/dropped").longValue()).isEqualTo(1);
    assertThat(summary.lines())
        .contains(
            "  column x: batch-norm, 2 channels; records: 3 read, 1 dropped, 2 written; faults: %s 1"
                .formatted(fault.key()),
            "  column y: batch-norm, 1 channels; records: 3 read, 1 dropped, 2 written; faults:"
                + " none");
  }

  @ParameterizedTest
  @EnumSource
  void propagateCarriesOnAsArithmeticDoes(Fault fault) throws IOException {
    writeThirdRecordWith(fault);

    Summary summary = run(job(fault, "propagate"));

    String outputs =
        switch (fault) {
          case NAN, INFINITY -> "[NaN,-1.2247449] [NaN,0.0] [NaN,1.2247449]";
          case NULL_ELEMENT -> "[NaN,-1.2247449] [NaN,0.0] [null,1.2247449]";
          case NULL_ARRAY, WRONG_LENGTH -> "[-1.0,-1.0] [1.0,1.0] null";
        };
    String counts =
        switch (fault) {
          case NAN, INFINITY, NULL_ELEMENT -> "[2,3]"; // numbers only; the mean is NaN
          case NULL_ARRAY, WRONG_LENGTH -> "[2,2]";
        };
    assertThat(xs()).isEqualTo(outputs);
    assertCounts("m_x", counts, 0, fault);
    assertAllThreeAreRead(summary, fault);
  }

  @ParameterizedTest
  @EnumSource
  void skipValueLeavesTheValueOutOfTheStatistics(Fault fault) throws IOException {
    writeThirdRecordWith(fault);

    Summary summary = run(job(fault, "skip-value"));

    String outputs =
        switch (fault) {
          case NAN, INFINITY -> "[-1.0,-1.2247449] [1.0,0.0] [NaN,1.2247449]";
          case NULL_ELEMENT -> "[-1.0,-1.2247449] [1.0,0.0] [null,1.2247449]";
          case NULL_ARRAY, WRONG_LENGTH -> "[-1.0,-1.0] [1.0,1.0] null";
        };
    String counts =
        switch (fault) {
          case NAN, INFINITY, NULL_ELEMENT -> "[2,3]";
          case NULL_ARRAY, WRONG_LENGTH -> "[2,2]";
        };
    assertThat(xs()).isEqualTo(outputs);
    assertCounts("m_x", counts, 0, fault);
    assertAllThreeAreRead(summary, fault);
  }

  @Test
  void recordDroppedForANormWithoutStatisticsIsDroppedFromTheOthersStatistics() throws IOException {
    writeThirdRecordWith(Fault.NAN);

    run(
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features = [{ column = x, shape = [2], norm.type = layer-norm }, { column = y, shape = [1] }]
        norm { type = batch-norm, epsilon = 0 }
        store { path = ${dir}/store, model = m }
        faults.nan = drop-record
        """);

    assertThat(statistics("m_y", 1).get("count").toString()).isEqualTo("[2]");
    assertThat(output().count()).isEqualTo(2);
  }

  @Test
  void faultOfAScalarColumnNamesTheColumn() throws IOException {
    write("in", "SELECT * FROM VALUES (1, 1.5D, 2), (2, double('NaN'), 3) AS t(id, `a b`, c)");
    String job =
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features.columns = ["a b", c]
        norm.type = batch-norm
        faults.nan = fail
        """;

    assertThat(refusal(Command.RUN, job, LeavingStatus.DATA))
        .startsWith("Cannot read column a b: the value is NaN in file file:");
  }

  private void writeThirdRecordWith(Fault fault) {
    String x =
        switch (fault) {
          case NAN -> "array(float('NaN'), 50)";
          case INFINITY -> "array(float('Infinity'), 50)";
          case NULL_ARRAY -> "null";
          case NULL_ELEMENT -> "array(null, 50)";
          case WRONG_LENGTH -> "array(5, 50, 500)";
        };
    write(
        "in",
        """
        SELECT id, CAST(x AS array<float>) AS x, CAST(array(y) AS array<double>) AS y FROM VALUES
          (1, array(1, 10), 100), (2, array(3, 30), 300), (3, %s, 500) AS t(id, x, y)
        """
            .formatted(x));
  }

  private static String job(Fault fault, String policy) {
    return JOB + "faults." + fault.key() + " = " + policy;
  }

  /** The normalised arrays, in the order of the records. */
  private String xs() {
    return String.join(
        " ",
        output()
            .orderBy("id")
            .selectExpr("coalesce(replace(to_json(x), '\"', ''), 'null')")
            .as(Encoders.STRING())
            .collectAsList());
  }

  private void assertCounts(String model, String counts, long dropped, Fault fault)
      throws IOException {
    assertThat(statistics(model, 1).get("count").toString()).isEqualTo(counts);
    JsonNode manifest = manifest(model, 1).get("counts");
    assertThat(manifest.get("records").longValue()).isEqualTo(3);
    assertThat(manifest.get("dropped").longValue()).isEqualTo(dropped);
    for (Fault each : Fault.values()) {
      assertThat(manifest.get("faults").get(each.key()).longValue())
          .as(each.key())
          .isEqualTo(each == fault ? 1 : 0);
    }
  }

  private void assertAllThreeAreRead(Summary summary, Fault fault) throws IOException {
    assertThat(statistics("m_y", 1).get("count").toString()).isEqualTo("[3]");
    assertThat(summary.lines())
        .contains(
            "  column x: batch-norm, 2 channels; records: 3 read, 0 dropped, 3 written; faults: %s 1"
                .formatted(fault.key()));
  }
}
