package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.functions.NormCatalog;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.VersionArithmetic;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A weight of k stands for k copies of the record, to the bit. */
class TestJobWeights extends JobTest {
  private static final String RECORDS =
      "SELECT id, transform(sequence(0, 5), i -> float(sin(id * 6 + i) * pow(10, i - 3))) AS x,"
          + " %s AS w FROM range(0, 40, 1, 3)";

  /** Few copies and many, and none of every fifth record. */
  private static final String WEIGHTS = "(id % 5) * (id % 5) * (1 + id % 7)";

  private static String job(String input, String model, String norm) {
    return """
    input.path = ${dir}/%s
    features { column = x, shape = [3, 2]%s }
    norm { type = %s, momentum = 0.1, momentum-convention = new-weight, running-variance = unbiased }
    store { path = ${dir}/store, model = %s }
    """
        .formatted(input, input.equals("copies") ? "" : ", weight = w", norm, model);
  }

  private void writeWeighed(String weights) {
    write("in", RECORDS.formatted(weights));
  }

  @ParameterizedTest
  @CsvSource({
    "batch-norm, int",
    "batch-norm, double",
    "'batch-norm', 'decimal(10, 2)'",
    "evonorm-b0, bigint",
    "instance-norm, tinyint"
  })
  void weightsGiveTheBytesOfCopies(String norm, String type) throws IOException {
    writeWeighed("CAST(%s AS %s)".formatted(WEIGHTS, type));
    spark()
        .read()
        .parquet(folder.resolve("in").toString())
        .selectExpr("x", "explode(sequence(0, int(w))) AS copy")
        .where("copy > 0")
        .write()
        .parquet(folder.resolve("copies").toString());

    fit(job("in", "weighed", norm));
    fit(job("copies", "copied", norm));

    for (String kind : new String[] {"stats", "moments"}) {
      assertThat(payload("weighed", 1, kind)).as(kind).isEqualTo(payload("copied", 1, kind));
    }

    assertThat(manifest("weighed", 1).at("/counts/records").intValue()).isEqualTo(40);
  }

  @ParameterizedTest
  @CsvSource({
    "0.5D, 0.5",
    "-1, -1",
    "-1D, -1.0",
    "double('NaN'), NaN",
    "double('Infinity'), Infinity",
    "1e16D, 1.0E16",
    "-1BD, -1",
    "0.99999999999999999999999999BD, 0.99999999999999999999999999",
    "9223372036854775808BD, 9223372036854775808",
    "CAST(null AS int), null",
    "CAST(null AS double), null"
  })
  void otherWeightsAreRefused(String weight, String found) {
    writeWeighed("if(id = 17, %s, 1)".formatted(weight));

    assertThat(refusal(Command.FIT, job("in", "m", "batch-norm"), LeavingStatus.DATA))
        .startsWith("Cannot weigh by column w: the weight is %s in file file:".formatted(found))
        .endsWith(
            ".parquet (weights are whole numbers from 0, up to 2^53 as doubles; leave records out"
                + " by input.where, or multiply all weights by one factor)");
  }

  @Test
  void faultsOfRecordsWithoutWeightAreTreatedAndCounted() throws IOException {
    write(
        "in", "SELECT * FROM VALUES (array(1d, 3d), 1), (array(double('NaN'), 5d), 0) AS t(x, w)");

    fit(
        """
        input.path = ${dir}/in
        features { column = x, shape = [2], weight = w }
        norm.type = batch-norm
        store { path = ${dir}/store, model = m }
        """);

    assertThat(statistics("m", 1).get("mean").toString()).isEqualTo("[1.0,3.0]");
    assertThat(manifest("m", 1).at("/counts/faults/nan").intValue()).isEqualTo(1);
  }

  @Test
  void aFitWithoutAnyWeightIsRefused() {
    writeWeighed("0");

    assertThat(refusal(Command.FIT, job("in", "m", "batch-norm"), LeavingStatus.DATA))
        .isEqualTo(
            "Cannot fit column x: none of 40 records has a tensor to fit on and a weight above 0 in"
                + " column w");
  }

  @Test
  void moreValuesThanALongCountsAreRefused() {
    writeWeighed("9223372036854775807");

    assertThat(refusal(Command.FIT, job("in", "m", "batch-norm"), LeavingStatus.DATA))
        .isEqualTo(
            "Cannot fit column x: the values of a channel, weighed by column w, are more than"
                + " 9223372036854775807 (divide all weights by a common factor)");
  }

  @Test
  void theColumnMustBeThereAndHoldNumbers() {
    write("in", "SELECT array(1d, 2d, 3d, 4d, 5d, 6d) AS x, 'one' AS w, 1 AS v");

    assertThat(refusal(Command.FIT, job("in", "m", "batch-norm"), LeavingStatus.DATA))
        .isEqualTo("Cannot weigh by column w: its type is string (features.weight takes numbers)");
    assertThat(
            refusal(
                Command.FIT,
                job("in", "m", "batch-norm").replace("weight = w", "weight = u"),
                LeavingStatus.DATA))
        .isEqualTo("Cannot find column u: the input has x, w, v");
  }

  @Test
  void aModelFittedWithWeightsIsAppliedToRecordsWithout() throws IOException {
    writeWeighed("1");
    String job = job("in", "m", "batch-norm") + "output.path = ${dir}/out\n";
    fit(job);
    spark()
        .read()
        .parquet(folder.resolve("in").toString())
        .drop("w")
        .write()
        .parquet(folder.resolve("unweighed").toString());

    apply(job.replace("${dir}/in", "${dir}/unweighed"));

    assertThat(output().count()).isEqualTo(40);
  }

  @ParameterizedTest
  @ValueSource(strings = {"features.group-by = [id]", "input.partition-by = id"})
  void soAreMoreInAllGroupsOrPartitions(String setting) {
    spark()
        .sql(RECORDS.formatted("4000000000000000000") + " LIMIT 5")
        .write()
        .partitionBy("id")
        .parquet(folder.resolve("in").toString());

    assertThat(
            refusal(
                Command.FIT,
                job("in", "m", "batch-norm")
                        .replace(
                            ", momentum = 0.1, momentum-convention ="
                                + " new-weight, running-variance = unbiased",
                            "")
                    + setting,
                LeavingStatus.DATA))
        .isEqualTo(
            "Cannot fit column x: the values of a channel, weighed by column w, are more than"
                + " 9223372036854775807 (divide all weights by a common factor)");
  }

  @Test
  void soAreMoreInAllVersionsTogether() throws IOException {
    writeWeighed("4000000000000000000");
    for (int id = 0; id < 2; id++) {
      fit(job("in", "m", "batch-norm") + "input.where = \"id = %d\"\n".formatted(id));
    }

    ModelStore store = new ModelStore(folder.resolve("store").toString(), new Configuration());
    assertThatThrownBy(
            () ->
                new VersionArithmetic(store)
                    .merge("sum", List.of(new ModelId("m", 1), new ModelId("m", 2))))
        .isInstanceOf(JobException.class)
        .hasMessage(
            "Cannot merge m v=1, m v=2: the values of a channel are more than 9223372036854775807;"
                + " nothing was published");
    SparkSession session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    session.conf().set("spark.sql.catalog.norm.store", folder.resolve("store").toString());
    assertThatThrownBy(
            () ->
                session
                    .sql(
                        "SELECT norm.merge_moments(s) FROM (SELECT explode(array(norm.m.`v=1`"
                            + ".moments(), norm.m.`v=2`.moments())) AS s)")
                    .collect())
        .hasStackTraceContaining(
            "Cannot call norm.merge_moments: the values of a channel are more than"
                + " 9223372036854775807");
  }
}
