package io.sparknorm.spark.app;

import io.sparknorm.spark.LeavingStatus;
import java.util.Set;
import org.apache.hadoop.service.launcher.IrqHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process that ends with its job, and is no server or notebook that goes on. */
final class OwnProcess {
  private static final Logger LOG = LoggerFactory.getLogger(OwnProcess.class);

  private static final int LEAVE_AFTER_MILLIS = 3000;

  /** {@code DriverWrapper} is a driver's in a standalone cluster, and waits for all threads. */
  private static final Set<String> MAINS =
      Set.of(
          SparknormApp.class.getName(),
          "org.apache.spark.deploy.SparkSubmit",
          "org.apache.spark.deploy.worker.DriverWrapper");

  private OwnProcess() {}

  /** Whether the current thread is the main one of such a process. */
  private static boolean isThis() {
    StackTraceElement[] stack = Thread.currentThread().getStackTrace();
    return MAINS.contains(stack[stack.length - 1].getClassName());
  }

  /** A run that has ended stays as it ended when the process is told to stop while it leaves. */
  static void leaveWith(LeavingStatus status) {
    if (isThis()) {
      try {
        new IrqHandler("TERM", told -> System.exit(status.number())).bind();
      } catch (IllegalArgumentException e) {
        LOG.debug("Signals are not for Java to handle here", e);
      }
    }
  }

  /** A thread that a library has left behind does not hold the process. */
  static void leaveInTime() {
    if (isThis()) {
      Thread last = new Thread(OwnProcess::leaveSoon, "sparknorm-leave");
      last.setDaemon(true);
      last.start();
    }
  }

  private static void leaveSoon() {
    try {
      Thread.sleep(LEAVE_AFTER_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }

    System.exit(LeavingStatus.DONE.number());
  }
}
