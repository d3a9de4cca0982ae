package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which reader gives a scan's tensors, and that either gives the same. */
class TestTensorScan extends SparkTest {
  private static final int RECORDS = 20_000;

  @TempDir Path folder;
  private String path;

  @BeforeEach
  void writePages() {
    path = folder.resolve("files").toString();
    spark()
        .range(0, RECORDS, 1, 1)
        .selectExpr(
            "id",
            "if(id % 9 = 0, null, array(float(id), null, float(-id))) AS x",
            "array_repeat(id / 4D, int(id % 4)) AS y")
        .write()
        .option("parquet.page.row.count.limit", 500)
        .parquet(path);
  }

  private Dataset<Row> read(String format) {
    return spark().read().format(format).load(path);
  }

  private static List<String> vectors(Dataset<Row> rows) {
    SparkPlan plan = rows.queryExecution().executedPlan();
    while (!plan.children().isEmpty()) {
      plan = plan.children().head();
    }
    return plan.executeColumnar()
        .toJavaRDD()
        .map(
            batch ->
                "%s %s"
                    .formatted(
                        batch.column(1).getClass().getName(), batch.column(2).getClass().getName()))
        .distinct()
        .collect();
  }

  @Test
  void tensorsOfBatchesAreOurs() {
    assertThat(vectors(read(BulkParquetFormat.NAME)))
        .containsExactly(TensorVector.class.getName() + " " + TensorVector.class.getName());
    assertThat(ParquetFiles.bits(read(BulkParquetFormat.NAME)))
        .hasSize(RECORDS)
        .isEqualTo(ParquetFiles.bits(read("parquet")));
  }

  /** Tensors of pages that the other columns skip would be those of other records. */
  @ParameterizedTest
  @ValueSource(strings = {"id BETWEEN 7300 AND 9200", "id IN (3, 19999)", "id < 0"})
  void aFilterThatSkipsPagesLeavesThemToSpark(String filter) {
    Dataset<Row> chosen = read(BulkParquetFormat.NAME).where(filter);

    assertThat(vectors(chosen)).noneMatch(names -> names.contains("sparknorm"));
    assertThat(ParquetFiles.bits(chosen))
        .hasSizeLessThan(2000)
        .isEqualTo(ParquetFiles.bits(read("parquet").where(filter)));
  }

  /** Spark counts what a task's own thread reads. */
  @Test
  void bytesOfLocalFilesAreReadByTheTaskItself() throws Exception {
    AtomicLong bytes = new AtomicLong();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            bytes.addAndGet(end.taskMetrics().inputMetrics().bytesRead());
          }
        };
    Dataset<Row> tensors = read(BulkParquetFormat.NAME).select("x", "y");
    spark().sparkContext().listenerBus().waitUntilEmpty();
    spark().sparkContext().addSparkListener(listener);
    try {
      tensors.write().format("noop").mode("overwrite").save();
      spark().sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark().sparkContext().removeSparkListener(listener);
    }

    assertThat(bytes.get()).isGreaterThan(RECORDS * Float.BYTES);
  }
}
