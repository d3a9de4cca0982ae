package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.UncheckedExecutionException;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hive.metastore.api.MetaException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;
import org.apache.spark.sql.AnalysisException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;
import scala.collection.immutable.Map;

class TestFailures {
  @Test
  void causesDeepWithinAreToldInTermsOfTheJob() {
    assertTold(
        new SparkException("Job aborted", new FileNotFoundException("File a.json is gone")),
        LeavingStatus.TRY_AGAIN,
        "Cannot read the input: a file is gone (File a.json is gone); start the run again once the"
            + " input is complete");
    assertTold(
        new UncheckedIOException(new IOException("No space left on device")),
        LeavingStatus.TRY_AGAIN,
        "Cannot write: the disk is full (java.io.IOException: No space left on device)");
    assertTold(
        new UncheckedIOException(new AccessControlException("Permission denied: user=u")),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: Permission denied: user=u");
    assertTold(
        new UncheckedIOException(new AccessDeniedException("/models")),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: /models: Permission denied");
    String refusal =
        "Operation failed: \"This request is not authorized\", 403, PUT, https://a/out";
    assertTold(
        new UncheckedIOException(
            (IOException)
                new AccessDeniedException(refusal).initCause(new IOException("Status 403"))),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: " + refusal);
    assertTold(
        new UncheckedIOException(new FileSystemException("/models", null, "Read-only file system")),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: /models: Read-only file system");
    assertTold(
        new UncheckedIOException(new NoSuchFileException("/models")),
        LeavingStatus.TRY_AGAIN,
        "Cannot reach a file or folder: /models is gone or leads nowhere");
    assertTold(
        new UnsupportedFileSystemException("No FileSystem for scheme \"x\""),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: No FileSystem for scheme \"x\"");
    assertTold(
        new SparkException(
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file a.parquet.",
            new IllegalStateException("not a Parquet file\nand more")),
        LeavingStatus.DATA,
        "Cannot read the input: [FAILED_READ_FILE.NO_HINT] Encountered error while reading file"
            + " a.parquet. (not a Parquet file)");
  }

  /** Whatever goes wrong in it, Spark's client of a Hive metastore throws analysis exceptions. */
  @Test
  void catalogOutOfReachMayBeTriedAgain() {
    assertTold(
        analysis(new IllegalStateException(new ConnectException("Connection refused"))),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: ConnectException: Connection refused; start the run again");
    assertTold(
        analysis(new IllegalStateException("no such table")),
        LeavingStatus.DATA,
        "Cannot plan the job: [TABLE_OR_VIEW_NOT_FOUND] The table or view t cannot be found. Verify"
            + " the spelling and correctness of the schema and catalog.");
  }

  private static AnalysisException analysis(Throwable cause) {
    return new AnalysisException(
        "TABLE_OR_VIEW_NOT_FOUND", new Map.Map1<>("relationName", "t"), Option.apply(cause));
  }

  @Test
  void whatTheSystemFailsWithMayBeTriedAgain() {
    assertTold(
        new SparkException(
            "[TASK_WRITE_FAILED] Task failed while writing rows",
            new IOException("Connection reset\nby peer")),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: IOException: Connection reset; start the run again");
    assertTold(
        new SparkException(
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file a.parquet.",
            new IOException("cannot read", new SocketTimeoutException("Read timed out"))),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: SocketTimeoutException: Read timed out; start the run again");
    assertTold(
        new SparkException(
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file a.parquet.",
            new IOException("can not read class PageHeader")),
        LeavingStatus.DATA,
        "Cannot read the input: [FAILED_READ_FILE.NO_HINT] Encountered error while reading file"
            + " a.parquet. (can not read class PageHeader)");
    String lost =
        "Job aborted due to stage failure: Task 0 in stage 1.0 failed 4 times, most recent failure:"
            + " Lost task 0.3: ExecutorLostFailure (executor 3 exited)";
    assertTold(
        new SparkException(lost + "\nDriver stacktrace:"),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: SparkException: " + lost + "; start the run again");
    assertTold(
        new SparkException("Job 3 cancelled because SparkContext was shut down"),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: SparkException: Job 3 cancelled because SparkContext was shut down; start"
            + " the run again");
  }

  /** In whatever words the system's library says so. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Stale file handle",
        "Connection reset by peer",
        "Directory not empty", // for a rival has moved it there, and away again
        "I/O error",
        "Zu viele offene Dateien"
      })
  void diskOrServerThatHasFailedMayBeTriedAgain(String reason) {
    assertTold(
        new UncheckedIOException(new FileSystemException("/out", null, reason)),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: FileSystemException: /out: %s; start the run again".formatted(reason));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Too many levels of symbolic links or unable to access attributes of symbolic link",
        "Device or resource busy",
        "Invalid cross-device link",
        "Function not implemented"
      })
  void folderThatStaysAsItIsIsNotTriedAgain(String reason) {
    assertTold(
        new UncheckedIOException(new FileSystemException("/out", null, reason)),
        LeavingStatus.USAGE,
        "Cannot reach a file or folder: /out: " + reason);
  }

  @Test
  void clientsThatAreNotOfHadoopMayBeTriedAgainToo() {
    assertTold(
        new IllegalStateException(
            "Failed to connect to Hive Metastore", new MetaException("Could not connect: refused")),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: MetaException: Could not connect: refused; start the run again");
    assertTold(
        new IllegalStateException(new InterruptedException("given up")),
        LeavingStatus.TRY_AGAIN,
        "Cannot go on: InterruptedException: given up; start the run again");
  }

  @Test
  void whatIsNotPermittedIsNotTriedAgain() {
    assertTold(
        analysis(new IllegalStateException(new MetaException("Permission denied: user=svc"))),
        LeavingStatus.USAGE,
        "Cannot go on: MetaException: Permission denied: user=svc");
    assertTold(
        new UncheckedIOException(new IOException("User svc is not authorized to perform: s3:Put")),
        LeavingStatus.USAGE,
        "Cannot go on: IOException: User svc is not authorized to perform: s3:Put");
    assertTold(
        new IOException("Error accessing gs://b/o", new IOException("403 Forbidden\nGET b/o")),
        LeavingStatus.USAGE,
        "Cannot go on: IOException: Error accessing gs://b/o (403 Forbidden)");
  }

  @Test
  void jobExceptionGoesBeforeWhatItWasMadeOf() {
    JobException told =
        new JobException(
            LeavingStatus.CONFLICT, "Cannot publish", new FileNotFoundException("gone"));

    assertThat(Failures.inTermsOfTheJob(new IllegalStateException(told))).containsSame(told);
  }

  @Test
  void bugsStayBugs() {
    assertThat(Failures.inTermsOfTheJob(new IllegalStateException("a bug"))).isEmpty();
    assertThat(Failures.inTermsOfTheJob(new NullPointerException())).isEmpty();
    assertThat(
            Failures.inTermsOfTheJob(new UncheckedExecutionException(new NullPointerException())))
        .isEmpty();
    assertThat(
            Failures.inTermsOfTheJob(
                new SparkException(
                    "Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times",
                    new NullPointerException())))
        .isEmpty();
  }

  private static void assertTold(Exception failure, LeavingStatus status, String message) {
    JobException told = Failures.inTermsOfTheJob(failure).orElseThrow();
    assertThat(told).hasMessage(message);
    assertThat(told.status()).isEqualTo(status);
  }
}
