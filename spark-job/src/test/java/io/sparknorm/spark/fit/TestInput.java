package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.Command;
import io.sparknorm.spark.config.JobSpec;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestInput extends SparkTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "parquet, bulk, sparknorm-parquet",
    "Parquet, bulk, sparknorm-parquet",
    "parquet, spark, parquet",
    "orc, bulk, orc"
  })
  void filesAreReadByTheReaderThatIsAskedFor(String format, String reader, String relation) {
    String path = folder.resolve("in").toString();
    spark().range(3).selectExpr("array(id / 2D) AS x").write().format(format).save(path);

    Dataset<Row> rows = read(format, reader, path);

    assertThat(rows.queryExecution().analyzed().toString()).endsWith(" " + relation + "\n");
    assertThat(rows.orderBy("x").toJSON().collectAsList())
        .containsExactly("{\"x\":[0.0]}", "{\"x\":[0.5]}", "{\"x\":[1.0]}");
  }

  /** Spark's reader takes over wherever it has to: nothing but the vectors tells that it has. */
  @ParameterizedTest
  @CsvSource({"bulk, io.sparknorm.spark.parquet.TensorVector", "spark, org.apache.spark.sql"})
  void tensorsComeInBatchesOfTheReaderThatIsAskedFor(String reader, String vectors) {
    String path = folder.resolve("in").toString();
    spark().range(300).selectExpr("array(id / 2D) AS x", "id").write().parquet(path);

    SparkPlan plan = read("parquet", reader, path).queryExecution().executedPlan();
    while (!plan.children().isEmpty()) {
      plan = plan.children().head();
    }

    assertThat(
            plan.executeColumnar()
                .toJavaRDD()
                .map(batch -> batch.column(0).getClass().getName())
                .collect())
        .isNotEmpty()
        .allMatch(name -> name.startsWith(vectors));
  }

  private Dataset<Row> read(String format, String reader, String path) {
    String job =
        """
        input { format = %s, reader = %s, path = "%s" }
        features { column = x, shape = [1] }
        norm.type = batch-norm
        store { path = "store", model = m }
        """
            .formatted(format, reader, path);
    return Input.pin(spark(), JobSpec.parse(ConfigFactory.parseString(job), Command.FIT).input())
        .rows();
  }
}
