package io.sparknorm.spark.app;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.TaskSchedulerImpl;
import org.apache.spark.sql.SparkSession;

/** The tasks of Spark jobs that have failed or were cancelled, which may go on for a while. */
final class RunningTasks {
  private static final int LOOK_EVERY_MILLIS = 20;

  private final SparkSession spark;

  /** Less than a run that is told to stop has: a task that is to write first loads the writer. */
  private int patienceMillis = 15_000;

  RunningTasks(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Waits for them, but in all of a run not long: what they still write would survive the cleaning
   * up.
   */
  void await() {
    try {
      for (; patienceMillis > 0 && areAny(); patienceMillis -= LOOK_EVERY_MILLIS) {
        Thread.sleep(LOOK_EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** By the scheduler itself: what Spark's status tracker says of executors lags behind. */
  private boolean areAny() {
    SparkContext context = spark.sparkContext();
    return !context.isStopped()
        && context.taskScheduler() instanceof TaskSchedulerImpl scheduler
        && scheduler.runningTasksByExecutors().exists(running -> (int) running._2() > 0);
  }
}
