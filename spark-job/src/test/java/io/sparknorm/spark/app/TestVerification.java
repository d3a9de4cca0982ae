package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.app.CorruptingFormat.Damage;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Outputs that are read back before they are published. */
class TestVerification extends JobTest {
  private static final String JOB =
      """
      input.path = ${dir}/in
      output { path = ${dir}/out, verify = statistics }
      features { column = x, shape = [3] }
      norm { type = batch-norm }
      store { path = ${dir}/store, model = m }
      """;
  private static final String STREAMS = "output.options.byte-stream-split = true\n";
  private static final String REFUSED_STREAMS =
      "Cannot verify statistics of an output with byte-stream-split: Spark's vectorised reader"
          + " refuses it (set spark.sql.parquet.enableVectorizedReader = false, or output.verify ="
          + " records)";
  private static final String NESTED_READER =
      "spark.sql.parquet.enableNestedColumnVectorizedReader";
  private static final String CORRUPTING = JOB + "output.format = corrupting\n";

  @BeforeEach
  void writeInput() {
    write(
        "in",
        """
        SELECT id, transform(array(id, 1e6 + id, 7), v -> float(v)) AS x,
          double(id * id) AS a, id AS b, id % 2 AS half FROM range(1000)
        """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "norm { weight = [2, -1, 0.5], bias = [0, 100, -1], epsilon = 0, variance = unbiased }",
        "norm { activation = relu }",
        "norm { type = layer-norm }",
        "norm { type = evonorm-b0 }",
        "input.where = \"half = 0 and id > 10\"",
        "features = [{ column = x, shape = [3] }, { columns = [a, b], output = [na, nb], model = mm"
            + " }]",
        "output.format = json",
        "output.partition-by = [half]",
        "output { path = null, table = sparknorm_verified, format = parquet }",
      })
  void whatWasWrittenIsWhatWasPromised(String settings) throws IOException {
    try {
      assertThat(run(JOB + settings).lines().get(0)).contains("done");
      // Statistics of the output are then what the norm promises, which apply does not know.
      assertThat(
              apply(JOB + settings + "\noutput.path = ${dir}/again\noutput.table = null").lines())
          .isNotEmpty();
    } finally {
      spark().sql("DROP TABLE IF EXISTS sparknorm_verified");
    }
  }

  @Test
  void valueThatIsOffIsNamed() throws IOException {
    assertThat(
            refusalAfter(
                (row, x) -> {
                  x.setFloat(1, x.getFloat(1) + 0.01F);
                  return row;
                }))
        .matches(
            "Cannot publish: the mean of column x, channel 1, is 0\\.0099\\d* \\(expected 0\\.0,"
                + " tolerance \\d\\.\\de-0[67]\\); nothing was published");
    assertThat(
            refusalAfter(
                (row, x) -> {
                  x.setFloat(0, x.getFloat(0) * 1.01F);
                  return row;
                }))
        .startsWith("Cannot publish: the variance of column x, channel 0, is 1.02");
  }

  @Test
  void valueThatIsNoNumberIsNoticed() throws IOException {
    assertThat(
            refusalAfter(
                (row, x) -> {
                  if (row.getLong(0) == 17) {
                    x.setFloat(2, Float.NaN);
                  }

                  return row;
                }))
        .isEqualTo(
            "Cannot publish: column x has 1 faults of the kind nan where 0 were written; nothing"
                + " was published");
  }

  @Test
  void recordThatIsGoneIsNoticed() throws IOException {
    assertThat(refusalAfter((row, x) -> row.getLong(0) == 17 ? null : row))
        .isEqualTo(
            "Cannot publish: column x has 999 records where 1000 were written; nothing was"
                + " published");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "output.partition-by = [half]",
        "output { partition-by = [half], if-exists = replace-partitions }",
        "output { path = null, table = sparknorm_damaged }",
      })
  void recordThatIsGoneIsNoticedByTheNumberAlone(String settings) throws IOException {
    CorruptingFormat.DAMAGE.set((row, x) -> row.getLong(0) == 17 ? null : row);

    String job = CORRUPTING + "output.verify = records\n" + settings;
    assertThat(refusal(Command.RUN, job, LeavingStatus.GATE))
        .isEqualTo(
            "Cannot publish: 999 records were written of 1000 that were read and not dropped;"
                + " nothing was published");
    assertThat(entries()).containsExactly("in");
    assertThat(spark().catalog().tableExists("sparknorm_damaged")).isFalse();
  }

  /** Records of 3,000 floats, of which 4,096 would make 49 megabytes. */
  @Test
  void whatIsReadBackComesInBatchesAsSmallAsTheInputs() throws IOException {
    write("wide", "SELECT id, transform(sequence(1, 3000), i -> float(id * i)) AS x FROM range(9)");
    CorruptingFormat.DAMAGE.set((row, x) -> row);
    CorruptingFormat.BATCHES.clear();
    run(CORRUPTING + "input.path = ${dir}/wide\nfeatures.shape = [3000]");

    assertThat(CorruptingFormat.BATCHES).containsExactly("87");
    assertThat(spark().conf().contains("spark.sql.parquet.columnarReaderBatchSize")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "output.options.Byte-Stream-Split = true",
        STREAMS + "output { writer = spark, format = sparknorm-parquet }",
        STREAMS + "output { path = null, table = sparknorm_streams, format = sparknorm-parquet }"
      })
  void bytesInStreamsThatCannotBeReadAreRefusedBeforeTheFit(String settings) throws IOException {
    assertThat(refusal(Command.RUN, JOB + settings, LeavingStatus.USAGE))
        .isEqualTo(REFUSED_STREAMS);
    assertThat(entries()).containsExactly("in");
  }

  @Test
  void bytesInStreamsThatCannotBeReadAreRefusedAfterwardsAtLeast() throws IOException {
    write("random", "SELECT id, rand(3) AS a FROM range(30000)");
    String job = JOB + STREAMS + "input.path = ${dir}/random\n";
    spark().conf().set(NESTED_READER, "false");
    try {
      assertThat(
              refusal(
                  Command.RUN,
                  job + "features { column = null, columns = [a], shape = null }",
                  LeavingStatus.USAGE))
          .isEqualTo(REFUSED_STREAMS);
      assertThat(entries()).containsExactly("in", "random");
    } finally {
      spark().conf().unset(NESTED_READER);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark.sql.parquet.enableVectorizedReader", NESTED_READER})
  void bytesInStreamsAreVerifiedIfTheyCanBeRead(String reader) throws IOException {
    spark().conf().set(reader, "false");
    try {
      assertThat(run(JOB + STREAMS).lines().get(0)).contains("done");
    } finally {
      spark().conf().unset(reader);
    }

    assertThat(run(JOB + STREAMS).lines().get(0)).contains("already published");
    String orc = JOB + STREAMS + "output { path = ${dir}/orc, format = orc }";
    assertThat(run(orc).lines().get(0)).contains("done");
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "csv"})
  void outputWithoutRecordsIsComplete(String format) throws IOException {
    write("none", "SELECT 1 AS id, 1D AS a, 1 AS half WHERE false");

    String job = "input.path = ${dir}/none\noutput.verify = records\noutput.format = " + format;
    String norm = "\nnorm.type = layer-norm\nstore = null\noutput.partition-by = [half]\n";
    String columns = "features { column = null, columns = [a], shape = null }";
    assertThat(apply(JOB + job + norm + columns).lines()).isNotEmpty();
  }

  /** Its lines are records of their own to whoever does not ask for multiLine. */
  @Test
  void textIsNotParsedToBeCounted() throws IOException {
    write("lines", "SELECT 'a\nb' AS id, 1D AS a");

    String job = "input.path = ${dir}/lines\noutput { verify = records, format = csv }\n";
    run(JOB + job + "features { column = null, columns = [a], shape = null }");

    assertThat(spark().read().csv(folder.resolve("out").toString()).count()).isEqualTo(2);
  }

  @Test
  void conditionOnWhatTheOutputReplacesCannotChoose() throws IOException {
    assertThat(refusal(Command.RUN, JOB + "input.where = \"x[0] > 5\"", LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot verify statistics by input.where: it looks at column x, which the output"
                + " replaces (choose another features.output, or set output.verify = records)");
    assertThat(refusal(Command.RUN, JOB + "input.where = \"rand() > 0.5\"", LeavingStatus.USAGE))
        .startsWith("Cannot verify statistics by input.where: it chooses other records each time");
    assertThat(run(JOB + "input.where = \"x[0] > 5\"\nfeatures.output = y").lines()).isNotEmpty();
  }

  private String refusalAfter(Damage damage) throws IOException {
    CorruptingFormat.DAMAGE.set(damage);
    String refusal = refusal(Command.RUN, CORRUPTING, LeavingStatus.GATE);
    assertThat(entries()).containsExactly("in");
    return refusal;
  }
}
