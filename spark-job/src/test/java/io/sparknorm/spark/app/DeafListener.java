package io.sparknorm.spark.app;

import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;

/** For {@code spark.extraListeners}: lets nobody hear of what comes after the first job's start. */
public final class DeafListener extends SparkListener {
  @Override
  public void onJobStart(SparkListenerJobStart start) {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
