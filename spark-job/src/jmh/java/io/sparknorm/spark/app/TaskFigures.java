package io.sparknorm.spark.app;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/**
 * What the tasks of a work have read and sent, by Spark's own metrics.
 *
 * @param records read from the input
 * @param bytes read from the input
 * @param sent bytes written for a shuffle
 */
record TaskFigures(long records, long bytes, long sent) {
  /** Read so, Parquet's bytes pass other threads than the tasks', and no metric counts them. */
  private static final String VECTORED_READS = "parquet.hadoop.vectored.io.enabled";

  interface Work {
    void carryOut() throws IOException;
  }

  /** Carries a work out, beside which no other may run. */
  static TaskFigures of(SparkSession spark, Work work) throws IOException {
    AtomicLong records = new AtomicLong();
    AtomicLong bytes = new AtomicLong();
    AtomicLong sent = new AtomicLong();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            TaskMetrics metrics = end.taskMetrics();
            records.addAndGet(metrics.inputMetrics().recordsRead());
            bytes.addAndGet(metrics.inputMetrics().bytesRead());
            sent.addAndGet(metrics.shuffleWriteMetrics().bytesWritten());
          }
        };
    await(spark);
    spark.sparkContext().hadoopConfiguration().setBoolean(VECTORED_READS, false);
    spark.sparkContext().addSparkListener(listener);
    try {
      work.carryOut();
      await(spark);
    } finally {
      spark.sparkContext().removeSparkListener(listener);
      spark.sparkContext().hadoopConfiguration().unset(VECTORED_READS);
    }

    return new TaskFigures(records.get(), bytes.get(), sent.get());
  }

  private static void await(SparkSession spark) {
    try {
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } catch (TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }
}
