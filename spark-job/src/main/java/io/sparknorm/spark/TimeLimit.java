package io.sparknorm.spark;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An end to waiting for what may never be over. */
public final class TimeLimit {
  private TimeLimit() {}

  /**
   * What a call gives, made by a thread that holds no process; out of time, it is interrupted.
   *
   * @param name of the thread
   */
  public static <T> T within(long seconds, String name, Callable<T> call)
      throws TimeoutException, ExecutionException, InterruptedException {
    FutureTask<T> task = new FutureTask<>(call);
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(seconds, TimeUnit.SECONDS);
    } finally {
      task.cancel(true);
    }
  }
}
