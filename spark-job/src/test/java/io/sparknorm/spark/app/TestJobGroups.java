package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.functions.NormCatalog;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.VersionArithmetic;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Statistics for each group: what filtering it and fitting it alone gives, to the bit. */
class TestJobGroups extends JobTest {
  /** A null, an empty one, quotes, a line's end, letters that sort oddly, and one that is long. */
  private static final List<String> KEYS =
      List.of("null", "''", "'a'", "'A'", "'it\\'s \"x\"\\n'", "'ß東😀'", "repeat('k', 500)");

  private static final String RECORDS =
      "SELECT id, transform(sequence(0, 5), i -> float(sin(id * 6 + i) * pow(10, i - 3 + id %% 5)))"
          + " AS x, element_at(array(%s), int(pmod(hash(id), %d)) + 1) AS k, id %% 4 AS w FROM"
          + " range(0, 90, 1, 3)";

  private static String job(String more) {
    return """
    input.path = ${dir}/in
    output.path = ${dir}/out
    features { column = x, shape = [3, 2]%s }
    norm.type = batch-norm
    store { path = ${dir}/store, model = m }
    """
        .formatted(more);
  }

  private void writeRecords() {
    write("in", RECORDS.formatted(String.join(", ", KEYS), KEYS.size()));
  }

  /** What the file of moments says of each group, by its key. */
  private Map<String, byte[]> states() throws IOException {
    byte[] file = payload("m", 1, "group_moments");
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(file));
    assertThat(new String(in.readNBytes(4), StandardCharsets.US_ASCII)).isEqualTo("SNGM");
    assertThat(in.readInt()).isEqualTo(2);
    assertThat(in.readInt()).isEqualTo(3);
    int count = in.readInt();
    Map<String, byte[]> states = new HashMap<>();
    for (int i = 0; i < count; i++) {
      DataInputStream key =
          new DataInputStream(new ByteArrayInputStream(in.readNBytes(in.readInt())));
      String name =
          key.readByte() == 0
              ? null
              : new String(key.readNBytes(key.readInt()), StandardCharsets.UTF_8);
      in.readLong();
      states.put(name, in.readNBytes(in.readInt()));
    }

    assertThat(in.available()).isEqualTo(4);
    return states;
  }

  /** Writes the records of a group to the folder {@code alone}, and names its key. */
  private String writeAlone(String key) {
    spark()
        .read()
        .parquet(folder.resolve("in").toString())
        .where("k <=> " + key)
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(folder.resolve("alone").toString());
    return spark().sql("SELECT " + key).first().getString(0);
  }

  @Test
  void theStateOfEachGroupIsThatOfAFitOnItAlone() throws IOException {
    writeRecords();
    fit(job(", group-by = [k]"));

    Map<String, byte[]> states = states();

    assertThat(states).hasSize(KEYS.size());
    for (int i = 0; i < KEYS.size(); i++) {
      String key = writeAlone(KEYS.get(i));
      fit(job("").replace("${dir}/in", "${dir}/alone").replace("model = m", "model = alone"));
      assertThat(states.get(key)).as(key).isEqualTo(payload("alone", i + 1, "moments"));
    }

    fit(job("").replace("model = m", "model = all"));
    for (String kind : new String[] {"stats", "moments"}) {
      assertThat(payload("m", 1, kind)).as(kind).isEqualTo(payload("all", 1, kind));
    }
  }

  @ParameterizedTest
  @CsvSource({"evonorm-b0, 0, ', weight = w'", "mean-variance-norm, 4, ''", "batch-norm, 5, ''"})
  void eachRecordIsNormalisedAsIfItsGroupWereAlone(String norm, int key, String weight)
      throws IOException {
    writeRecords();
    String job = job(weight).replace("batch-norm", norm);
    String name = writeAlone(KEYS.get(key));

    run(job.replace("[3, 2]", "[3, 2], group-by = [k]"));
    run(
        job.replace("${dir}/in", "${dir}/alone")
            .replace("${dir}/out", "${dir}/normalised")
            .replace("model = m", "model = alone"));

    assertThat(states().get(name)).isEqualTo(payload("alone", 1, "moments"));
    assertThat(normalised("out")).hasSize(90).containsAllEntriesOf(normalised("normalised"));
    assertThat(normalised("normalised")).isNotEmpty();
  }

  private Map<Object, Object> normalised(String output) {
    Map<Object, Object> normalised = new HashMap<>();
    for (Row row : spark().read().parquet(folder.resolve(output).toString()).collectAsList()) {
      normalised.put(row.getAs("id"), row.getList(row.fieldIndex("x")));
    }

    return normalised;
  }

  @Test
  void aStoredModelIsAppliedByItsGroups() throws IOException {
    writeRecords();
    run(job(", group-by = [k]"));
    Map<Object, Object> once = normalised("out");

    Summary summary =
        apply(job("").replace("${dir}/out", "${dir}/again").replace("norm.type = batch-norm", ""));

    assertThat(normalised("again")).isEqualTo(once);
    assertThat(summary.lines().get(1))
        .isEqualTo(
            "  column x: batch-norm, 3 channels, 7 groups by k; records: 90 read, 0 dropped, 90"
                + " written, 0 of groups that were not fitted (fail); faults: none");
  }

  @Test
  void aColumnThatIsNotThereOrHasNoKeysIsRefused() {
    write("in", "SELECT array(1f, 2f) AS x, 'a' AS country, array(1) AS list");
    String job = job(", group-by = [county]").replace("[3, 2]", "[2]");

    assertThat(refusal(Command.FIT, job, LeavingStatus.DATA))
        .isEqualTo(
            "Cannot group by column county: the input has x, country, list; did you mean country?");
    assertThat(refusal(Command.FIT, job.replace("county", "list"), LeavingStatus.DATA))
        .isEqualTo(
            "Cannot group by column list: its type is array<int> (features.group-by takes atomic"
                + " types, and strings without a collation)");
  }

  @Test
  void columnsOfGroupsAreTheModelsInAnyCase() throws IOException {
    write("in", "SELECT array(id, id * id) AS x, id % 2 AS Key FROM range(10)");
    write("other", "SELECT * FROM (SELECT array(1L, 2L) AS x, 1L AS kEY)");
    String job = job(", group-by = [KEY]").replace("[3, 2]", "[2]");
    fit(job);

    Summary summary = apply(job.replace("[KEY]", "[key]").replace("dir}/in", "dir}/other"));

    assertThat(summary.lines().get(1)).contains("2 groups by Key; records: 1 read");
  }

  @Test
  void groupsOfTheJobFileOrOfTheDataThatAreNotTheModelsAreRefused() throws IOException {
    write("in", "SELECT array(1f, 2f) AS x, 'a' AS k, 1 AS n");
    write("other", "SELECT array(1f, 2f) AS x, 1 AS k, 1 AS n");
    String job = job(", group-by = [k]").replace("[3, 2]", "[2]");
    fit(job);
    fit(job("").replace("[3, 2]", "[2]").replace("model = m", "model = plain"));

    assertThat(refusal(Command.APPLY, job.replace("[k]", "[n]"), LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot apply model m v=1: features.group-by is n (the model has statistics for each"
                + " k)");
    assertThat(refusal(Command.APPLY, job.replace("= m", "= plain"), LeavingStatus.USAGE))
        .isEqualTo(
            "Cannot apply model plain v=1: features.group-by is k (the model has one set of"
                + " statistics)");
    assertThat(refusal(Command.APPLY, job.replace("dir}/in", "dir}/other"), LeavingStatus.DATA))
        .isEqualTo(
            "Cannot apply model m v=1: the groups do not match\n  model: groups by k string\n"
                + "  data:  groups by k int");
  }

  @Test
  void sqlRefusesGroups() throws IOException {
    write("in", "SELECT array(1f, 2f) AS x, 'a' AS k");
    fit(job(", group-by = [k]").replace("[3, 2]", "[2]"));
    SparkSession session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    session.conf().set("spark.sql.catalog.norm.store", folder.resolve("store").toString());

    assertThatThrownBy(() -> session.sql("SELECT norm.m.apply(array(1f, 2f))"))
        .hasMessageContaining(
            "Cannot apply model m v=1 in SQL: it has statistics for each group of k, by which only"
                + " jobs normalise (run sparknorm apply)");
    assertThat(session.sql("SELECT norm.moments_of(norm.m.moments()).mean").first().getList(0))
        .isEqualTo(List.of(1.0, 2.0));
  }

  private VersionArithmetic arithmetic() throws IOException {
    return new VersionArithmetic(
        new ModelStore(folder.resolve("store").toString(), new Configuration()));
  }

  private void assertSameBytes(String found, String expected) throws IOException {
    for (String kind : List.of("stats", "moments", "group_stats", "group_moments")) {
      assertThat(payload(found, 1, kind)).as(kind).isEqualTo(payload(expected, 1, kind));
    }

    assertThat(manifest(found, 1).get("groups")).isEqualTo(manifest(expected, 1).get("groups"));
    assertThat(manifest(found, 1).get("counts")).isEqualTo(manifest(expected, 1).get("counts"));
  }

  @Test
  void daysAddedAndSubtractedHaveTheBytesOfSingleFits() throws IOException {
    writeRecords();
    spark() // some groups have a single record, no tensor, no weight or nothing but skipped values
        .read()
        .parquet(folder.resolve("in").toString())
        .selectExpr(
            "IF(id % 13 = 5, NULL, transform(x, v -> IF(id IN (3, 41), float('NaN'), v))) AS x",
            "IF(id < 12, string(id), k) AS k", "w", "id % 3 AS day")
        .write()
        .parquet(folder.resolve("days").toString());
    String job =
        job(", group-by = [k], weight = w").replace("{dir}/in", "{dir}/days")
            + "faults.nan = skip-value\ninput.where = \"%s\"\nstore.model = %s\n";
    List<ModelId> days = new ArrayList<>();
    for (int day = 0; day < 3; day++) {
      fit(job.formatted("day = " + day, "daily"));
      days.add(new ModelId("daily", day + 1));
    }

    fit(job.formatted("true", "whole"));
    fit(job.formatted("day > 0", "later"));

    ModelId sum = arithmetic().merge("sum", List.of(days.get(2), days.get(0), days.get(1))).id();
    assertSameBytes("sum", "whole");
    arithmetic().subtract("rest", sum, List.of(days.get(0)));
    assertSameBytes("rest", "later");
    arithmetic().subtract("last", sum, days.subList(0, 2));
    for (String kind : List.of("stats", "moments", "group_stats", "group_moments")) {
      assertThat(payload("last", 1, kind)).as(kind).isEqualTo(payload("daily", 3, kind));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3 | the group k = c is not in it",
        "4 | channel 0 of the group k = a would be left with no values, but a sum that is not zero",
        "5 | channel 0 of the group k = b would be left with a negative sum of squares",
        "6 | the group k = a would be left with 0 records that have values"
      })
  void groupsThatWereNeverAPartAreRefused(int part, String why) throws IOException {
    write(
        "in",
        "SELECT n, array(float(v)) AS x, k, w FROM VALUES (1, 9, 'a', 2), (1, 5, 'b', 1), (1, 3,"
            + " 'b', 1), (3, 3, 'c', 1), (4, 3, 'a', 1), (4, 5, 'a', 1), (5, 9, 'b', 1), (5, 5,"
            + " 'b', 1), (6, 9, 'a', 1) AS t(n, v, k, w)");
    String job =
        job(", group-by = [k], weight = w").replace("[3, 2]", "[1]") + "input.where = \"n = %d\"\n";
    fit(job.formatted(1));
    fit(job.formatted(part));

    assertThatThrownBy(
            () -> arithmetic().subtract("rest", new ModelId("m", 1), List.of(new ModelId("m", 2))))
        .isInstanceOf(JobException.class)
        .hasMessage(
            "Cannot subtract m v=2 from m v=1: %s, so it was never a part of it; nothing was"
                    .formatted(why)
                + " published");
    assertThat(folder.resolve("store/rest")).doesNotExist();
  }

  @Test
  void groupsByOtherColumnsAreNotAdded() throws IOException {
    write("in", "SELECT array(1f, 2f) AS x, 'a' AS k, 1 AS n");
    String job = job(", group-by = [k]").replace("[3, 2]", "[2]");
    fit(job);
    fit(job.replace("[k]", "[n]"));
    fit(job(", weight = n").replace("[3, 2]", "[2]"));

    assertThatThrownBy(
            () -> arithmetic().merge("sum", List.of(new ModelId("m", 1), new ModelId("m", 2))))
        .hasMessage(
            "Cannot merge m v=1 and m v=2: their groups are not the same\n"
                + "  m v=1: groups by k string\n  m v=2: groups by n int");
    assertThatThrownBy(
            () -> arithmetic().merge("sum", List.of(new ModelId("m", 1), new ModelId("m", 3))))
        .hasMessage(
            "Cannot merge m v=1 and m v=3: their groups are not the same\n"
                + "  m v=1: groups by k string\n  m v=3: no groups");
  }

  @Test
  void blocksWithAndWithoutGroupsAreFittedInOneScan() throws IOException {
    write(
        "in",
        "SELECT id, array(id * 1d) AS x, array(id * 2d) AS y, id % 2 AS k, id % 3 AS n FROM"
            + " range(6)");
    run(
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features = [
          { column = x, shape = [1], group-by = [k, n] }
          { column = y, shape = [1], output = z, norm { type = batch-norm, epsilon = 0 } }
          { column = y, shape = [1], group-by = [k], norm { type = batch-norm, epsilon = 0 } }
        ]
        norm.type = batch-norm
        """);

    double unit = Math.sqrt(8.0 / 3);
    for (Row row : output().collectAsList()) {
      long id = row.getAs("id");
      assertThat(row.<Double>getList(row.fieldIndex("x")).get(0)).isZero();
      assertThat(row.<Double>getList(row.fieldIndex("y")).get(0))
          .isCloseTo((id - 2 - id % 2) / unit, within(1e-12));
      assertThat(row.<Double>getList(row.fieldIndex("z")).get(0))
          .isCloseTo((id - 2.5) / Math.sqrt(35.0 / 12), within(1e-12));
    }
  }

  @Test
  void theJobFileSaysWhatBecomesOfGroupsThatWereNotFitted() throws IOException {
    write(
        "in",
        "SELECT * FROM VALUES (0, array(1f, 2f), 'a'), (1, array(3f, 4f), 'b') AS t(id, x, k)");
    String job = job(", group-by = [k]").replace("[3, 2]", "[2]");
    fit(job.replace("${dir}/in", "${dir}/in\ninput.where = \"k = 'a'\""));

    assertThat(refusal(Command.APPLY, job, LeavingStatus.DATA))
        .startsWith("Cannot normalise column x: the group k = b was not fitted in file file:")
        .endsWith("; to go on, set features.unseen = global | identity");
    apply(job.replace("group-by = [k]", "unseen = identity"));
    assertThat(json(output()))
        .containsExactly(
            "{\"id\":0,\"x\":[0.0,0.0],\"k\":\"a\"}", "{\"id\":1,\"x\":[3.0,4.0],\"k\":\"b\"}");
    Summary summary =
        apply(
            job.replace("group-by = [k]", "unseen = global")
                .replace("output.path", "output.if-exists = replace, output.path"));
    assertThat(json(output()).get(1)).isEqualTo("{\"id\":1,\"x\":[632.4555,632.4555],\"k\":\"b\"}");
    assertThat(summary.lines().get(1)).contains(", 1 of groups that were not fitted (global)");
  }

  @Test
  void aGroupThatWasNotFittedIsNoFaultOfARecordThatAnotherBlockDrops() throws IOException {
    write(
        "in",
        "SELECT * FROM VALUES (0, array(1f, 2f), 1f, 'a'), (1, array(3f, 4f), float('NaN'), 'b'),"
            + " (2, array(5f, 6f), 2f, 'a') AS t(id, x, y, k)");
    String job =
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features = [
          { column = x, shape = [2], group-by = [k], model = x }
          { columns = [y], model = y }
        ]
        norm.type = batch-norm
        faults.nan = drop-record
        store.path = ${dir}/store
        """;

    Summary summary = run(job);

    assertThat(output().select("id").as(Encoders.INT()).collectAsList())
        .containsExactlyInAnyOrder(0, 2);
    assertThat(summary.lines().get(1))
        .contains("1 groups by k; records: 3 read, 1 dropped, 2 written, 0 of groups that were");
    assertThat(
            refusal(
                Command.APPLY,
                job.replace("drop-record", "propagate").replace("{dir}/out", "{dir}/all"),
                LeavingStatus.DATA))
        .startsWith("Cannot normalise column x: the group k = b was not fitted in file file:");
  }
}
