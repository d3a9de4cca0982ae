package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Command;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a job reads, and what it leaves of it in the output. */
class TestJobInputs extends JobTest {
  /** Batch norm with the round means (2, 20) and the round deviations (1, 10). */
  private static final String PAIRS = "(1, array(1, 10)), (2, array(3, 30))";

  @Test
  void databaseIsReadByItsOptionsAlone() throws Exception {
    String url = "jdbc:derby:memory:sparknorm;create=true";
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t (id INT, a DOUBLE, b DOUBLE)");
      statement.execute("INSERT INTO t VALUES (1, 1, 10), (2, 3, 30)");

      run(
          """
          input { format = jdbc, options { url = "%s", dbtable = t } }
          output.path = ${dir}/out
          features.columns = [A, B]
          norm { type = batch-norm, epsilon = 0 }
          """
              .formatted(url));

      assertThat(output().select("A", "B").orderBy("ID").collectAsList())
          .containsExactly(RowFactory.create(-1.0, -1.0), RowFactory.create(1.0, 1.0));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "json"})
  void formatsWithArraysAreReadAndWritten(String format) throws IOException {
    spark()
        .sql("SELECT id, CAST(x AS array<double>) AS x FROM VALUES %s AS t(id, x)".formatted(PAIRS))
        .write()
        .format(format)
        .save(folder.resolve("in").toString());

    run(
        """
        input { path = ${dir}/in, format = %s }
        output { path = ${dir}/out, format = %s }
        features { column = x, shape = [2] }
        norm { type = batch-norm, epsilon = 0 }
        """
            .formatted(format, format));

    assertThat(json(spark().read().format(format).load(folder.resolve("out").toString())))
        .containsExactly("{\"id\":1,\"x\":[-1.0,-1.0]}", "{\"id\":2,\"x\":[1.0,1.0]}");
  }

  @Test
  void scalarColumnsOfTextFilesAreReadAndWritten() throws IOException {
    spark()
        .sql("SELECT * FROM VALUES (1, 1.0D, 'one'), (2, 3.0D, 'two') AS t(id, x, word)")
        .write()
        .option("header", true)
        .csv(folder.resolve("in").toString());

    run(
        """
        input { path = ${dir}/in, format = csv, options { header = true, inferSchema = true } }
        output { path = ${dir}/out, format = csv, options { header = true } }
        features.columns = [x]
        norm { type = batch-norm, epsilon = 0 }
        """);

    assertThat(json(spark().read().option("header", true).csv(folder.resolve("out").toString())))
        .containsExactly(
            "{\"id\":\"1\",\"x\":\"-1.0\",\"word\":\"one\"}",
            "{\"id\":\"2\",\"x\":\"1.0\",\"word\":\"two\"}");
  }

  @ParameterizedTest
  @CsvSource({"float, float", "double, double", "int, float", "smallint, float"})
  void arraysKeepTheirElementTypeAndIntegersBecomeFloat(String type, String result)
      throws IOException {
    spark()
        .sql(
            "SELECT id, CAST(x AS array<%s>) AS x FROM VALUES %s AS t(id, x)"
                .formatted(type, PAIRS))
        .createOrReplaceTempView("pairs");

    run(tableJob("pairs", "column = x, shape = [2]"));

    assertThat(output().schema().apply("x").dataType().simpleString())
        .isEqualTo("array<" + result + ">");
    assertThat(json(output()))
        .containsExactly("{\"id\":1,\"x\":[-1.0,-1.0]}", "{\"id\":2,\"x\":[1.0,1.0]}");
  }

  @Test
  void aTableThatReadsOtherValuesFromTheSameFilesMakesAnotherRun() throws IOException {
    spark()
        .sql("SELECT * FROM VALUES (1, array(0.1, 1.0), 1), (2, array(0.3, 2.0), 2) AS t(id, x, w)")
        .coalesce(1)
        .write()
        .json(folder.resolve("in").toString());
    String job =
        """
        input.table = pairs
        output { path = ${dir}/out, if-exists = replace }
        features { column = x, shape = [2] }
        norm { type = batch-norm, epsilon = 0 }
        store { path = ${dir}/store, model = m }
        """;
    try {
      definePairs("x array<float>, w int");
      run(job);
      assertThat(run(job).reason()).isEqualTo("this run is already published, nothing to do");

      definePairs("x array<float>, w bigint");
      run(job);
      assertThat(output().schema().apply("w").dataType()).isEqualTo(DataTypes.LongType);
      assertThat(version("m", 2)).as("of the same values").doesNotExist();

      definePairs("x array<double>, w bigint");
      run(job);
      assertThat(output().schema().apply("x").dataType().simpleString()).isEqualTo("array<double>");
      assertThat(statistics("m", 1).at("/mean/0").doubleValue())
          .isEqualTo(((double) 0.1f + 0.3f) / 2);
      assertThat(statistics("m", 2).at("/mean/0").doubleValue()).isEqualTo(0.2);
    } finally {
      spark().sql("DROP TABLE IF EXISTS pairs");
    }
  }

  private void definePairs(String columns) {
    spark().sql("DROP TABLE IF EXISTS pairs");
    spark()
        .sql(
            "CREATE TABLE pairs (id int, %s) USING json LOCATION '%s'"
                .formatted(columns, folder.resolve("in")));
  }

  @Test
  void nestedArraysAreImagesOfChannels() throws IOException {
    write(
        "in",
        """
        SELECT 1 AS id, CAST(array(array(array(1, 3)), array(array(10, 30))) AS
          array<array<array<float>>>) AS x
        """);

    run(
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features { column = x, shape = [2, 1, 2] }
        norm { type = batch-norm, epsilon = 0 }
        """);

    assertThat(json(output())).containsExactly("{\"id\":1,\"x\":[[[-1.0,1.0]],[[-1.0,1.0]]]}");
  }

  @Test
  void vectorsDenseAndSparseAreReadAndGiveDenseOnes() throws IOException {
    StructType schema =
        new StructType().add("id", DataTypes.IntegerType).add("x", SQLDataTypes.VectorType());
    List<Row> rows =
        List.of(
            RowFactory.create(1, Vectors.dense(2, 30)),
            RowFactory.create(2, Vectors.sparse(2, new int[] {1}, new double[] {10})));
    spark().createDataFrame(rows, schema).createOrReplaceTempView("vectors");

    run(tableJob("vectors", "column = x, shape = [2]"));

    assertThat(output().orderBy("id").collectAsList())
        .extracting(row -> row.<Vector>getAs("x"))
        .containsExactly(Vectors.dense(1, 1), Vectors.dense(-1, -1));
  }

  @Test
  void scalarColumnsOfEveryTypeAndNameAreChannelsInPlace() throws IOException {
    spark()
        .sql(
            """
            SELECT id, 'kept' AS `k.e p``t`, CAST(a AS tinyint) AS `a.b`, CAST(a AS smallint) AS `c d`,
              CAST(a AS int) AS `e``f`, CAST(a AS bigint) AS g, CAST(a AS float) AS h,
              CAST(a AS double) AS i, CAST(a AS decimal(10, 2)) AS j, struct(a) AS nested
            FROM VALUES (1, 1), (2, 3) AS t(id, a)
            """)
        .createOrReplaceTempView("scalars");

    run(tableJob("scalars", "columns = [j, \"a.b\", \"c d\", \"e`f\", g, h, i]"));

    assertThat(output().schema().simpleString())
        .isEqualTo(
            "struct<id:int,k.e p`t:string,a.b:float,c d:float,e`f:float,g:float,h:float,i:double,"
                + "j:double,nested:struct<a:int>>");
    assertThat(json(output()))
        .containsExactly(
            "{\"id\":1,\"k.e p`t\":\"kept\",\"a.b\":-1.0,\"c d\":-1.0,\"e`f\":-1.0,\"g\":-1.0,"
                + "\"h\":-1.0,\"i\":-1.0,\"j\":-1.0,\"nested\":{\"a\":1}}",
            "{\"id\":2,\"k.e p`t\":\"kept\",\"a.b\":1.0,\"c d\":1.0,\"e`f\":1.0,\"g\":1.0,"
                + "\"h\":1.0,\"i\":1.0,\"j\":1.0,\"nested\":{\"a\":3}}");
  }

  @Test
  void blocksHaveTheirOwnNormsAndMayHaveNewNames() throws IOException {
    spark()
        .sql(
            """
            SELECT id, CAST(x AS array<double>) AS x, CAST(id AS double) AS s, 'kept' AS k
            FROM VALUES %s AS t(id, x)
            """
                .formatted(PAIRS))
        .createOrReplaceTempView("blocks");

    run(
        """
        input.table = blocks
        output.path = ${dir}/out
        features = [
          { column = x, shape = [2], output = "x.batch" }
          { column = x, shape = [2], output = x_layer, norm { type = layer-norm, epsilon = 0 } }
          { columns = [s], output = [s_new] }
        ]
        norm { type = batch-norm, epsilon = 0 }
        """);

    assertThat(json(output()))
        .containsExactly(
            "{\"id\":1,\"x\":[1.0,10.0],\"s\":1.0,\"k\":\"kept\",\"x.batch\":[-1.0,-1.0],"
                + "\"x_layer\":[-1.0,1.0],\"s_new\":-1.0}",
            "{\"id\":2,\"x\":[3.0,30.0],\"s\":2.0,\"k\":\"kept\",\"x.batch\":[1.0,1.0],"
                + "\"x_layer\":[-1.0,1.0],\"s_new\":1.0}");
  }

  @Test
  void whereChoosesWhatIsFittedAndApplyTakesAll() throws IOException {
    spark()
        .sql("SELECT * FROM VALUES (1, 1D, 'train'), (2, 3D, 'train'), (3, 5D, 'test') t(id, x, s)")
        .createOrReplaceTempView("splits");

    Summary summary =
        run(
            tableJob("splits", "columns = [x]")
                + """
                input.where = "s = 'train'"
                store { path = ${dir}/store, model = m }
                """);

    assertThat(output().orderBy("id").select("x").collectAsList())
        .extracting(row -> row.getDouble(0))
        .containsExactly(-1.0, 1.0, 3.0);
    assertThat(summary.lines())
        .contains(
            "  column x: batch-norm, 1 channels; records: 3 read, 0 dropped, 3 written; faults:"
                + " none");
    assertThat(manifest("m", 1).at("/counts/records").longValue()).isEqualTo(2);
  }

  @Test
  void normWithoutStatisticsNeedsNoStoreAndPublishesAModelIfThereIsOne() throws IOException {
    write("in", "SELECT id, CAST(x AS array<float>) AS x FROM VALUES %s t(id, x)".formatted(PAIRS));
    String job =
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features { column = x, shape = [2] }
        norm { type = layer-norm, epsilon = 0 }
        """;

    apply(job);
    List<String> applied = json(output());
    run(
        job
            + """
            output.path = ${dir}/run
            store { path = ${dir}/store, model = m }
            """);

    assertThat(applied)
        .containsExactly("{\"id\":1,\"x\":[-1.0,1.0]}", "{\"id\":2,\"x\":[-1.0,1.0]}")
        .isEqualTo(json(spark().read().parquet(folder.resolve("run").toString())));
    assertThat(manifest("m", 1).get("payload")).isEmpty();
    assertThat(manifest("m", 1).at("/counts/records").longValue()).isEqualTo(2);
  }

  @Test
  void partitionsWithoutRecordsDoNoHarm() throws IOException {
    spark()
        .sql("SELECT id, CAST(x AS array<float>) AS x FROM VALUES %s t(id, x)".formatted(PAIRS))
        .repartition(8)
        .createOrReplaceTempView("sparse");

    run(tableJob("sparse", "column = x, shape = [2]"));

    assertThat(json(output()))
        .containsExactly("{\"id\":1,\"x\":[-1.0,-1.0]}", "{\"id\":2,\"x\":[1.0,1.0]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void emptyInputGivesNoStatistics(boolean isPlannedAway) throws IOException {
    String all = "SELECT id, CAST(x AS array<float>) AS x FROM VALUES %s t(id, x)".formatted(PAIRS);
    if (isPlannedAway) {
      spark().sql(all + " WHERE false").createOrReplaceTempView("nothing");
    } else {
      write("nothing", all + " WHERE id > 5");
      spark()
          .read()
          .parquet(folder.resolve("nothing").toString())
          .createOrReplaceTempView("nothing");
    }

    assertThat(
            refusal(
                Command.RUN, tableJob("nothing", "column = x, shape = [2]"), LeavingStatus.DATA))
        .isEqualTo("Cannot fit column x: none of 0 records has a tensor to fit on");
    assertThat(entries()).doesNotContain("out");

    apply(
        """
        input.table = nothing
        output.path = ${dir}/out
        features { column = x, shape = [2] }
        norm.type = layer-norm
        """);
    assertThat(output().count()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "column = y, shape = [2]   | Cannot find column y: the input has id, x, word, d",
        "columns = [id, word]      | Cannot read column word: its type is string (features.columns"
            + " takes numbers)",
        "column = word, shape = [2]| Cannot read column word: Invalid tensor type: string (arrays"
            + " of integers, float or double, at any depth, and ML vectors hold tensors)",
        "column = d, shape = [2]   | Cannot read column d: Invalid tensor type:"
            + " array<decimal(1,0)> (arrays of integers, float or double, at any depth, and ML"
            + " vectors hold tensors)",
        "column = x, shape = [2], output = word | Cannot write column word: the input has a column"
            + " of that name (choose another features.output)"
      })
  void columnsThatCannotHoldFeaturesAreRefused(String features, String refusal) {
    spark()
        .sql("SELECT 1 AS id, array(1, 2) AS x, 'one' AS word, array(1BD) AS d")
        .createOrReplaceTempView("unfit");

    assertThat(refusal(Command.RUN, tableJob("unfit", features), LeavingStatus.DATA))
        .isEqualTo(refusal);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "input.path = ${dir}/none   | DATA  | Cannot plan the job: [PATH_NOT_FOUND] ",
        "input.format = parqet      | USAGE | Cannot plan the job: [DATA_SOURCE_NOT_FOUND]",
        "input { path = null, table = none } | DATA | Cannot plan the job: [TABLE_OR_VIEW_NOT_FOUND]",
        "input.where = \"x =\"       | DATA  | Cannot plan the job: [PARSE_SYNTAX_ERROR]",
        "input.where = nowhere      | DATA  | Cannot plan the job: [UNRESOLVED_COLUMN",
        "input.path = \"nofs:///x\" | USAGE | Cannot reach a file or folder: No FileSystem for scheme \"nofs\"",
        "store { path = \"nofs:///x\", model = m } | USAGE | Cannot reach a file or folder: No FileSystem for scheme \"nofs\""
      })
  void placesThatAreNotThereAreTold(String setting, LeavingStatus status, String refusal) {
    write("in", "SELECT 1D AS x");
    String job =
        """
        input.path = ${dir}/in
        output.path = ${dir}/out
        features.columns = [x]
        norm.type = batch-norm
        """;

    assertThat(refusal(Command.RUN, job + setting, status)).startsWith(refusal);
  }

  private static String tableJob(String table, String features) {
    return """
    input.table = %s
    output.path = ${dir}/out
    features { %s }
    norm { type = batch-norm, epsilon = 0 }
    """
        .formatted(table, features);
  }
}
