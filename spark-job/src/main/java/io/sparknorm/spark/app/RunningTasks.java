package io.sparknorm.spark.app;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.TaskSchedulerImpl;
import org.apache.spark.sql.SparkSession;

/** The tasks of Spark jobs that have failed or were cancelled, which may go on for a while. */
final class RunningTasks {
  /** Less than a run that is told to stop has: a task that is to write first loads the writer. */
  private static final int LONGEST_WAIT_MILLIS = 15_000;

  private static final int LOOK_EVERY_MILLIS = 20;

  private RunningTasks() {}

  /** Waits for them, but not long: what they still write would survive the cleaning up. */
  static void await(SparkSession spark) {
    try {
      for (int waited = 0;
          waited < LONGEST_WAIT_MILLIS && areAny(spark);
          waited += LOOK_EVERY_MILLIS) {
        Thread.sleep(LOOK_EVERY_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** By the scheduler itself: what Spark's status tracker says of executors lags behind. */
  private static boolean areAny(SparkSession spark) {
    SparkContext context = spark.sparkContext();
    return !context.isStopped()
        && context.taskScheduler() instanceof TaskSchedulerImpl scheduler
        && scheduler.runningTasksByExecutors().exists(running -> (int) running._2() > 0);
  }
}
