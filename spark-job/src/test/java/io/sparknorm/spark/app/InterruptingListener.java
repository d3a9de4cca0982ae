package io.sparknorm.spark.app;

import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;

/** For {@code spark.extraListeners}: keeps the main thread from stopping Spark in order. */
public final class InterruptingListener extends SparkListener {
  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd end) {
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("main"))
        .forEach(Thread::interrupt);
  }
}
