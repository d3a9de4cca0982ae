package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Ends a run in order when the process is told to stop, as by SIGTERM.
 *
 * <p>A run that has not begun to publish is cut short: its Spark jobs are cancelled, and the thread
 * that carries it out removes what it staged and says how it ended. A run that is publishing is
 * given the time to finish, which is short. Either way the process leaves with the status that the
 * run came to, while Spark and Hadoop stop as ever: this waits before Spark's hook stops the
 * context (Spark registers it with Hadoop, 30 above that of the file systems), and leaves after all
 * of Hadoop's hooks.
 */
final class StopSignal implements AutoCloseable {
  private static final int BEFORE_SPARK = FileSystem.SHUTDOWN_HOOK_PRIORITY + 40;
  private static final int AFTER_ALL = 0;

  /** Within what schedulers grant, 30 seconds on Kubernetes, before they kill. */
  private static final int LONGEST_WAIT_SECONDS = 20;

  private static final int CANCEL_EVERY_MILLIS = 100;

  private final Runnable onStop = this::stop;
  private final Runnable onLeave = this::leave;
  private final CountDownLatch ended = new CountDownLatch(1);
  private Runnable cancel = () -> {};
  private boolean told;
  private boolean publishing;
  private LeavingStatus status = LeavingStatus.STOPPED;

  private StopSignal() {}

  /** Listens from now on until it is closed. */
  static StopSignal listen() {
    StopSignal signal = new StopSignal();
    ShutdownHookManager hooks = ShutdownHookManager.get();
    hooks.addShutdownHook(signal.onStop, BEFORE_SPARK, LONGEST_WAIT_SECONDS + 1, TimeUnit.SECONDS);
    hooks.addShutdownHook(signal.onLeave, AFTER_ALL);
    return signal;
  }

  /** What cuts the current work short; called again and again until the run has ended. */
  synchronized void cancelBy(Runnable cancellation) {
    cancel = cancellation;
  }

  /** Whether the run was told to stop before it began to publish. */
  synchronized boolean hasStoppedTheRun() {
    return told && !publishing;
  }

  /**
   * Goes on only if the process has not been told to stop.
   *
   * @throws JobException with status STOPPED
   */
  synchronized void check() {
    if (told && !publishing) {
      throw stopped(null);
    }
  }

  /** From here on the run is brought to its end, whatever the process is told. */
  synchronized void beginPublishing() {
    check();
    publishing = true;
  }

  /** What a failure comes to: once the process is told to stop, whatever fails does so for that. */
  synchronized Throwable explain(Throwable failure) {
    if (!told || (publishing && JobException.in(failure).isPresent())) {
      return failure;
    }

    return publishing
        ? new JobException(
            LeavingStatus.STOPPED,
            "Cannot go on: the process was told to stop while it published; start the run again to"
                + " publish what is missing",
            failure)
        : stopped(failure);
  }

  private static JobException stopped(Throwable cause) {
    return new JobException(
        LeavingStatus.STOPPED,
        "Cannot go on: the process was told to stop; nothing was published",
        cause);
  }

  /** What the run has come to, which stands however long it then takes to stop Spark. */
  synchronized void leaveWith(LeavingStatus reached) {
    status = reached;
  }

  /** The run has ended, and all is cleaned up. */
  void end() {
    ended.countDown();
  }

  private void stop() {
    synchronized (this) {
      told = true;
    }

    try {
      for (int waited = 0;
          waited < LONGEST_WAIT_SECONDS * 1000
              && !ended.await(CANCEL_EVERY_MILLIS, TimeUnit.MILLISECONDS);
          waited += CANCEL_EVERY_MILLIS) {
        cancelUnlessPublishing();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // Hadoop has waited long enough
    }
  }

  private void cancelUnlessPublishing() {
    Runnable current;
    synchronized (this) {
      current = publishing ? () -> {} : cancel;
    }

    try {
      current.run();
    } catch (IllegalStateException e) {
      // The context has been stopped: the run has all but ended.
    }
  }

  private synchronized void leave() {
    Runtime.getRuntime().halt(status.number());
  }

  /** Listens no longer: whoever tells the process to stop from now on comes too late. */
  @Override
  public void close() {
    OwnProcess.leaveWith(status);
    ShutdownHookManager hooks = ShutdownHookManager.get();
    try {
      hooks.removeShutdownHook(onStop);
      hooks.removeShutdownHook(onLeave);
    } catch (IllegalStateException e) {
      // The process is leaving: the hooks have seen, or will see, how the run ended.
    }
  }
}
