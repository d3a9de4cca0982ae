package io.sparknorm.spark;

import java.util.Optional;

/**
 * A failure that the user can mend, with the status to leave with. Its message is all that the user
 * sees: it names what is wrong, the value and the remedy. No stack trace is printed for it.
 */
public class JobException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final LeavingStatus status;

  public JobException(LeavingStatus status, String message) {
    this(status, message, null);
  }

  public JobException(LeavingStatus status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  public static JobException usage(String message) {
    return new JobException(LeavingStatus.USAGE, message);
  }

  public static JobException data(String message) {
    return new JobException(LeavingStatus.DATA, message);
  }

  /** The job exception that a failure is or goes back to, as when a task threw it. */
  public static Optional<JobException> in(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof JobException found) {
        return Optional.of(found);
      }
    }

    return Optional.empty();
  }

  public LeavingStatus status() {
    return status;
  }
}
