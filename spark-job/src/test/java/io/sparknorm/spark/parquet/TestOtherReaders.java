package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparknorm.spark.SparkTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Readers that share no code with the writer, on our files and on Spark's of the same records. */
class TestOtherReaders extends SparkTest {
  private static final String SCRIPT = "src/test/python/compare_parquet.py";

  /** The interpreter with PyArrow, such as that of a virtual environment. */
  private static final String PYTHON = System.getProperty("sparknorm.python", "python3");

  @TempDir Path folder;

  /** Arrays and single values, with nulls of each kind, NaN, zeros of either sign. */
  private Dataset<Row> records() {
    return spark()
        .range(0, 5000, 1, 1)
        .selectExpr(
            "id",
            "transform(sequence(1, 100), i -> cast(sin(id * i) as float)) AS features",
            "if(id % 7 = 0, null, transform(sequence(1, cast(id % 50 as int)),"
                + " i -> if(i % 11 = 0, null, id / i))) AS varying",
            "if(id % 3 = 0, null, cast(id % 10 AS FLOAT)) AS level",
            "sin(id) AS sine",
            "if(id = 17, double('NaN'), cos(id)) AS faulty",
            "if(id % 2 = 0, -0D, 0D) AS zero",
            "concat('r', id % 10) AS name",
            "timestamp_micros(id * 1234567) AS time");
  }

  private Path write(String format, boolean byteStreamSplit) {
    Path path = folder.resolve(format + byteStreamSplit);
    records()
        .write()
        .format(format)
        .option("compression", "zstd")
        .option("parquet.page.size", 20_000)
        .option(BulkParquetFormat.BYTE_STREAM_SPLIT, byteStreamSplit)
        .save(path.toString());
    return ParquetFiles.under(path).get(0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void duckDbReadsTheSameRecords(boolean byteStreamSplit) throws SQLException {
    String ours = "read_parquet('%s')".formatted(write(BulkParquetFormat.NAME, byteStreamSplit));
    String theirs = "read_parquet('%s')".formatted(write("parquet", false));
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      assertThat(number(statement, "SELECT count(*) FROM " + ours)).isEqualTo(5000);
      // Texts tell NaN, null and the signs of zeros apart, which EXCEPT alone does not.
      String texts = "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ";
      String differing = "SELECT count(*) FROM (%s%s EXCEPT ALL %1$s%s)";
      assertThat(number(statement, differing.formatted(texts, ours, theirs))).isZero();
      assertThat(number(statement, differing.formatted(texts, theirs, ours))).isZero();
    }
  }

  private static long number(Statement statement, String query) throws SQLException {
    try (ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  @Test
  void pyArrowFindsNoDifferenceThatIsNotExplained() throws IOException, InterruptedException {
    assumeTrue(
        leaves(PYTHON, "-c", "import pyarrow.parquet") == 0,
        "No PyArrow for " + PYTHON + " (-Dsparknorm.python=... names an interpreter that has it)");
    Path ours = write(BulkParquetFormat.NAME, false);
    Path theirs = write("parquet", false);

    assertThat(leaves(PYTHON, SCRIPT, ours.toString(), theirs.toString())).as(output()).isZero();
    assertThat(output()).contains("5000 records, 0 unexplained differences");
  }

  /** The status with which a command leaves, -1 if there is no such command. */
  private int leaves(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(folder.resolve("output").toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  private String output() throws IOException {
    return java.nio.file.Files.readString(folder.resolve("output"), StandardCharsets.UTF_8);
  }
}
