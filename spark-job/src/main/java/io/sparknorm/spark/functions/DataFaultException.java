package io.sparknorm.spark.functions;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;

/** A fault in the data whose policy is to fail. Thrown in tasks, so it travels to the driver. */
public final class DataFaultException extends JobException {
  private static final long serialVersionUID = 1L;

  DataFaultException(String message) {
    super(LeavingStatus.DATA, message);
  }

  /** Leaves the stack trace out: Spark logs it in every executor, and the message says it all. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
