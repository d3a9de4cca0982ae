package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.SystemFailure;
import java.io.FileNotFoundException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.sql.AnalysisException;

/**
 * Tells failures that a user can mend, or time, from those that only a developer can: whatever a
 * file system, a network or a cluster fails with is no bug.
 */
final class Failures {
  private static final String DISK_FULL = "No space left on device";
  private static final String NOT_PERMITTED = "Permission denied";

  /** How Hadoop, metastores and object stores say so, whatever the type of the exception. */
  private static final List<String> REFUSED =
      List.of(NOT_PERMITTED, "AccessDenied", "Access Denied", "not authorized", "403 Forbidden");

  /** How Spark 4 begins to say that it cannot read a file, and the ways of Spark 3.5. */
  private static final List<String> UNREADABLE =
      List.of(
          "[FAILED_READ_FILE",
          "[CANNOT_READ_FILE_FOOTER",
          "Encountered error while reading file",
          "Parquet column cannot be converted in file");

  /**
   * How Java's own file system begins to say what no new attempt finds otherwise. It does so in the
   * words of the system's library and language: what it says in others is tried again.
   */
  private static final List<String> LASTING =
      List.of(
          "Device or resource busy",
          "File name too long",
          "Function not implemented",
          "Invalid argument",
          "Invalid cross-device link",
          "Is a directory",
          "Not a directory",
          "Operation not permitted",
          "Operation not supported",
          "Read-only file system",
          "Too many levels of symbolic links");

  private static final String NO_SUCH_FORMAT = "[DATA_SOURCE_NOT_FOUND]";

  private Failures() {}

  /** The failure in terms of the job; empty if it is an unexpected one. */
  static Optional<JobException> inTermsOfTheJob(Throwable failure) {
    return JobException.in(failure)
        .or(() -> firstMendable(failure))
        .or(() -> ofTheSystem(failure, SystemFailure::isOfTheSystem))
        .or(() -> ofTheSystem(failure, SystemFailure::isOfTheNetwork));
  }

  private static Optional<JobException> mendable(Throwable cause) {
    String message = firstLine(cause);
    if (cause instanceof AnalysisException) { // also where it cannot reach the catalog
      return ofTheSystem(cause.getCause(), SystemFailure::isOfTheNetwork)
          .or(
              () ->
                  Optional.of(
                      failure(LeavingStatus.DATA, "Cannot plan the job: " + message, cause)));
    }

    if (message.startsWith(NO_SUCH_FORMAT)) {
      return Optional.of(failure(LeavingStatus.USAGE, "Cannot plan the job: " + message, cause));
    }

    if (cause instanceof UnsupportedFileSystemException
        || cause instanceof AccessControlException) {
      return Optional.of(
          failure(LeavingStatus.USAGE, "Cannot reach a file or folder: " + message, cause));
    }

    if (cause instanceof FileNotFoundException && message.contains(NOT_PERMITTED)) {
      return Optional.of(
          failure(LeavingStatus.USAGE, "Cannot reach a file or folder: " + message, cause));
    }

    if (cause instanceof InvalidPathException) { // Hadoop asks Java's own for a time of access
      return Optional.of(
          failure(
              LeavingStatus.USAGE,
              "Cannot reach a file or folder: %s (start in a locale that has all letters of its"
                      .formatted(message)
                  + " name, such as LC_ALL=C.UTF-8)",
              cause));
    }

    if (cause instanceof NoSuchFileException) { // of Java's own: an output or a store, no input
      return Optional.of(
          failure(
              LeavingStatus.TRY_AGAIN,
              "Cannot reach a file or folder: %s is gone or leads nowhere".formatted(message),
              cause));
    }

    if (cause instanceof FileNotFoundException) {
      return Optional.of(
          failure(
              LeavingStatus.TRY_AGAIN,
              "Cannot read the input: a file is gone (%s); start the run again once the input is"
                      .formatted(message)
                  + " complete",
              cause));
    }

    if (message.contains(DISK_FULL)) {
      return Optional.of(
          failure(
              LeavingStatus.TRY_AGAIN, "Cannot write: the disk is full (" + message + ")", cause));
    }

    if (cause instanceof FileSystemException refused
        && LASTING.stream().anyMatch(String.valueOf(refused.getReason())::startsWith)) {
      return Optional.of(
          failure(LeavingStatus.USAGE, "Cannot reach a file or folder: " + message, cause));
    }

    if (cause instanceof AccessDeniedException denied) {
      // Java's own file system gives the path alone, Azure's client the reason in its place.
      boolean tellsNone = denied.getReason() == null && denied.getCause() == null;
      String reason = tellsNone ? ": " + NOT_PERMITTED : "";
      return Optional.of(
          failure(
              LeavingStatus.USAGE, "Cannot reach a file or folder: " + message + reason, cause));
    }

    boolean isRoot = cause.getCause() == null;
    if (UNREADABLE.stream().anyMatch(message::startsWith) && !isRoot) {
      return firstMendable(cause.getCause())
          .or(() -> ofTheSystem(cause, SystemFailure::isOfTheNetwork))
          .or(
              () ->
                  Optional.of(
                      failure(
                          LeavingStatus.DATA,
                          "Cannot read the input: %s (%s)"
                              .formatted(message, firstLine(cause.getCause())),
                          cause)));
    }

    return Optional.empty();
  }

  private static Optional<JobException> firstMendable(Throwable failure) {
    return SystemFailure.causes(failure).flatMap(cause -> mendable(cause).stream()).findFirst();
  }

  private static Optional<JobException> ofTheSystem(Throwable failure, Predicate<Throwable> isIt) {
    return SystemFailure.causes(failure).filter(isIt).findFirst().map(Failures::ofTheSystem);
  }

  /** No new attempt is permitted what this one was not. */
  private static JobException ofTheSystem(Throwable cause) {
    String told = "%s: %s".formatted(cause.getClass().getSimpleName(), firstLine(cause));
    return SystemFailure.causes(cause)
        .map(Failures::firstLine)
        .filter(line -> REFUSED.stream().anyMatch(line::contains))
        .findFirst()
        .map(line -> told.contains(line) ? told : told + " (" + line + ")")
        .map(refusal -> failure(LeavingStatus.USAGE, "Cannot go on: " + refusal, cause))
        .orElseGet(
            () ->
                failure(
                    LeavingStatus.TRY_AGAIN,
                    "Cannot go on: %s; start the run again".formatted(told),
                    cause));
  }

  private static JobException failure(LeavingStatus status, String message, Throwable cause) {
    return new JobException(status, message, cause);
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage())
        .lines()
        .filter(line -> !line.isBlank()) // Spark's parser begins with an empty one
        .findFirst()
        .orElse("");
  }
}
