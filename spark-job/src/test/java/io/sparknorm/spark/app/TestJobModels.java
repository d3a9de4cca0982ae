package io.sparknorm.spark.app;

import static org.apache.spark.sql.functions.rand;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What jobs publish in the store, and take from there. */
class TestJobModels extends JobTest {
  private static final String JOB =
      """
      output.path = ${dir}/out
      features { column = x, shape = [2] }
      norm { type = batch-norm, epsilon = 0 }
      store { path = ${dir}/store, model = m }
      """;
  private static final String MOMENTUM =
      "norm { momentum = 0.25, momentum-convention = new-weight, running-variance = unbiased }\n";

  @Test
  void runningStatisticsMoveAsPyTorchsDo() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");
    pairs("tuesday", "(1, array(10, 0)), (2, array(20, 4)), (3, array(30, 8))");
    String job = JOB + MOMENTUM;

    run(job + "input.table = monday");
    // Batch means (2, 20) and unbiased variances (2, 200) enter (0, 0) and (1, 1).
    assertRunning(1, "[0.5,5.0]", "[1.25,50.75]");

    run(job + "input.table = tuesday, output.path = ${dir}/tuesday");
    // Then (20, 4) and (100, 16).
    assertRunning(2, "[5.375,4.75]", "[25.9375,42.0625]");
    assertThat(manifest("m", 2).get("parent").intValue()).isEqualTo(1);
    assertThat(json(spark().read().parquet(folder.resolve("tuesday").toString())).get(1))
        .as("train mode normalises by the dataset's own statistics")
        .isEqualTo("{\"id\":2,\"x\":[0.0,0.0]}");

    apply(
        JOB.replace("norm { type = batch-norm, epsilon = 0 }", "")
            + "input.table = tuesday, output.path = ${dir}/eval");
    double expected = (20 - 5.375) / Math.sqrt(25.9375);
    assertThat(spark().read().parquet(folder.resolve("eval").toString()).where("id = 2").first())
        .as("eval mode normalises by the running statistics")
        .satisfies(
            row ->
                assertThat(row.<Double>getList(row.fieldIndex("x")).get(0))
                    .isCloseTo(expected, within(1e-15)));
  }

  @Test
  void momentumNoneIsTheCumulativeAverage() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");
    pairs("tuesday", "(1, array(9, 0)), (2, array(11, 4))");
    String job = JOB + "norm { momentum = none, running-variance = biased }\n";

    fit(job + "input.table = monday");
    fit(job + "input.table = tuesday");

    assertRunning(2, "[6.0,11.0]", "[1.0,52.0]");
  }

  @Test
  void sameRunAgainMovesNothing() throws IOException {
    write("in", "SELECT 1 AS id, array(1F, 2F) AS x UNION ALL SELECT 2, array(3F, 4F)");
    String job = JOB + MOMENTUM + "input.path = ${dir}/in";

    Summary first = run(job);
    Summary second = run(job);

    assertThat(first.lines())
        .contains("  model: m v=1")
        .noneMatch(line -> line.contains("already"));
    assertThat(second.lines())
        .containsExactly(
            "sparknorm run: this run is already published, nothing to do",
            "  model: m v=1",
            "  output: " + folder.resolve("out"));
    assertThat(version("m", 2)).doesNotExist();
  }

  @Test
  void fitLeavesTheOutputOfItsJobFileAlone() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");

    Summary summary = fit(JOB + "input.table = monday");

    assertThat(summary.lines()).noneMatch(line -> line.contains("output"));
    assertThat(entries()).containsExactly("store");
  }

  @Test
  void runInEvalModeAppliesAModelAndPublishesNone() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");
    pairs("tuesday", "(1, array(4, 40)), (2, array(5, 50))");
    assertThat(
            refusal(
                Command.RUN, JOB + "norm.mode = eval, input.table = monday", LeavingStatus.USAGE))
        .isEqualTo("Cannot find model m: the store has no version of it (run fit first)");
    fit(JOB + "input.table = monday");

    run(JOB + "norm.mode = eval, input.table = tuesday");

    assertThat(json(output()))
        .containsExactly("{\"id\":1,\"x\":[2.0,2.0]}", "{\"id\":2,\"x\":[3.0,3.0]}");
    assertThat(version("m", 2)).doesNotExist();
  }

  @Test
  void oneValuePerChannelIsRefusedBeforeAnythingIsWritten() throws IOException {
    pairs("monday", "(1, array(1, 10))");

    assertThat(refusal(Command.RUN, JOB + MOMENTUM + "input.table = monday", LeavingStatus.DATA))
        .isEqualTo(
            "Cannot update the running variance: channel 0 has one value (the unbiased variance"
                + " needs at least 2)");
    assertThat(entries()).isEmpty();
  }

  @Test
  void applyAfterFitEqualsRunBitForBit() throws IOException {
    write("in", RANDOM_ROWS.formatted("double"));
    String job =
        """
        input.path = ${dir}/in
        features { column = x, shape = [3, 2], layout = channels-first }
        norm { type = batch-norm, epsilon = 1e-3, weight = [1.5, -2, 0.3], bias = [0, 1, 2] }
        store.path = ${dir}/store
        output.path = ${dir}/out
        """;

    run(job + "store.model = a");
    fit(job + "store.model = b");
    apply(job + "store.model = b, output.path = ${dir}/applied");

    assertThat(json(spark().read().parquet(folder.resolve("applied").toString())))
        .hasSize(200)
        .isEqualTo(json(output()));
    assertThat(payload("b", 1, "stats")).isEqualTo(payload("a", 1, "stats"));
  }

  /** 200 records of six numbers of very different sizes, all of them floats. */
  private static final String RANDOM_ROWS =
      """
      SELECT id, transform(sequence(1, 6), i -> CAST(float(
        sin(id * 7 + i) * power(10, (id * i) %% 9 - 4)) AS %s)) AS x FROM range(200)
      """;

  @Test
  void partitionsOrderAndStorageTypeDoNotChangeAByte() throws IOException {
    List<byte[]> statistics = new ArrayList<>();
    List<byte[]> moments = new ArrayList<>();
    for (String type : List.of("float", "double")) {
      for (int partitions : new int[] {1, 7, 64}) {
        spark()
            .sql(RANDOM_ROWS.formatted(type))
            .orderBy(rand(partitions))
            .repartition(partitions)
            .createOrReplaceTempView("shuffled");
        String model = type + partitions;
        fit(
            JOB
                + "input.table = shuffled, features.shape = [6], store.model = %s"
                    .formatted(model));
        statistics.add(payload(model, 1, "stats"));
        moments.add(payload(model, 1, "moments"));
      }
    }

    assertThat(statistics).allSatisfy(each -> assertThat(each).isEqualTo(statistics.get(0)));
    assertThat(moments).allSatisfy(each -> assertThat(each).isEqualTo(moments.get(0)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "features { column = x, shape = [4] }                    | [2, 2] channels-first float"
            + " | [4] float",
        "features { column = x, shape = [2, 2], layout = channels-last } | [2, 2] channels-first"
            + " float | [2, 2] channels-last float",
        "features { column = d, shape = [2, 2] }                 | [2, 2] channels-first float"
            + " | [2, 2] channels-first double",
        "features { columns = [a, c] }, store.model = scalars    | [2] double, channel 1 is column b"
            + " | [2] double, channel 1 is column c",
      })
  void dataOfAnotherTypeIsRefusedBeforeARecordIsRead(String other, String model, String data)
      throws Exception {
    spark()
        .sql(
            """
            SELECT CAST(array(1, 2, 3, 4) AS array<float>) AS x, array(1D, 2D, 3D, 4D) AS d,
              1D AS a, 2D AS b, 3D AS c
            """)
        .createOrReplaceTempView("tensors");
    String common =
        "input.table = tensors, output.path = ${dir}/out, store { path = ${dir}/store, model = m }\n";
    fit(common + "features { column = x, shape = [2, 2] }, norm.type = batch-norm");
    fit(common + "features { columns = [a, b] }, norm.type = batch-norm, store.model = scalars");
    AtomicInteger tasks = new AtomicInteger();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            tasks.incrementAndGet();
          }
        };

    String name = other.contains("scalars") ? "scalars" : "m";
    spark().sparkContext().addSparkListener(listener);
    try {
      assertThat(refusal(Command.APPLY, common + other, LeavingStatus.DATA))
          .isEqualTo(
              "Cannot apply model %s v=1: the data does not match\n  model: %s\n  data:  %s"
                  .formatted(name, model, data));
      spark().sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark().sparkContext().removeSparkListener(listener);
    }

    assertThat(tasks).hasValue(0);
  }

  @Test
  void normOfTheJobFileHasToBeTheModels() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");
    String job = JOB + "input.table = monday\n";
    fit(job);

    assertThat(refusal(Command.APPLY, job + "norm.epsilon = 1e-3", LeavingStatus.DATA))
        .isEqualTo(
            "Cannot apply model m v=1: the norm does not match\n  model: epsilon = 0.0\n  job:  "
                + " epsilon = 0.001");
  }

  @Test
  void pinnedVersionIsTheOneThatIsApplied() throws IOException {
    pairs("monday", "(1, array(1, 10)), (2, array(3, 30))");
    pairs("tuesday", "(1, array(9, 0)), (2, array(11, 4))");
    fit(JOB + "input.table = monday");
    fit(JOB + "input.table = tuesday");
    String job = JOB + "input.table = monday\n";

    Summary summary = apply(job + "store.version = 1");
    assertThat(summary.lines()).contains("  model: m v=1");
    assertThat(json(output()).get(0)).isEqualTo("{\"id\":1,\"x\":[-1.0,-1.0]}");

    apply(job + "output.path = ${dir}/latest");
    assertThat(json(spark().read().parquet(folder.resolve("latest").toString())).get(0))
        .isEqualTo("{\"id\":1,\"x\":[-9.0,4.0]}");
    assertThat(refusal(Command.APPLY, job + "store.version = 3", LeavingStatus.USAGE))
        .startsWith("Cannot load model m v=3: there is no such version in ")
        .endsWith("(versions run from 1 to 2)");
  }

  private void pairs(String view, String values) {
    spark()
        .sql("SELECT id, CAST(x AS array<double>) AS x FROM VALUES %s t(id, x)".formatted(values))
        .createOrReplaceTempView(view);
  }

  private void assertRunning(int version, String mean, String variance) throws IOException {
    JsonNode statistics = statistics("m", version);
    assertThat(statistics.get("running_mean").toString()).isEqualTo(mean);
    assertThat(statistics.get("running_var").toString()).isEqualTo(variance);
    assertThat(statistics.get("num_batches_tracked").intValue()).isEqualTo(version);
  }
}
