package io.sparknorm.spark;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.SparkException;

/** Tells what a file system, a network or a cluster fails with: trying again may help. */
public final class SystemFailure {
  /** Clients whose own exceptions say that a server, or the way to it, has failed. */
  private static final List<String> CLIENTS =
      List.of(
          "com.google.api.client.",
          "com.google.api.gax.",
          "com.google.cloud.BaseServiceException",
          "com.google.cloud.RetryHelper",
          "com.google.cloud.hadoop.",
          "com.google.cloud.http.",
          "com.google.cloud.storage.",
          "org.apache.hadoop.fs.azurebfs.",
          "org.apache.hadoop.hdfs.",
          "org.apache.hadoop.fs.s3a.",
          "org.apache.hadoop.ipc.",
          "org.apache.hadoop.hive.metastore.api.MetaException",
          "org.apache.iceberg.exceptions.CommitStateUnknownException",
          "org.apache.iceberg.exceptions.ServiceFailureException",
          "org.apache.iceberg.exceptions.ServiceUnavailableException",
          "org.apache.thrift.transport.",
          "software.amazon.awssdk.");

  /** How Spark says that it has lost executors, or that its cluster has given the job up. */
  private static final List<String> GIVEN_UP =
      List.of("Job aborted due to stage failure", "SparkContext was shut down");

  private SystemFailure() {}

  /** Whether a failure is one, or goes back to one. */
  public static boolean isIn(Throwable failure) {
    return causes(failure).anyMatch(cause -> isOfTheNetwork(cause) || isOfTheSystem(cause));
  }

  /** The failure itself and what led to it. */
  public static Stream<Throwable> causes(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
  }

  /** A damaged file, too, is told by exceptions of I/O: these are not of that kind. */
  public static boolean isOfTheNetwork(Throwable cause) {
    return cause instanceof SocketException
        || cause instanceof SocketTimeoutException
        || cause instanceof UnknownHostException
        || isOfAClient(cause.getClass().getName());
  }

  /** Google's connectors bring their libraries, not only the clients, under names of their own. */
  static boolean isOfAClient(String className) {
    String original = className.replaceFirst(".*\\.repackaged\\.(gcs\\.)?", "");
    return CLIENTS.stream().anyMatch(original::startsWith);
  }

  /** A failure of the job's own code would be the cause of what Spark says. */
  public static boolean isOfTheSystem(Throwable cause) {
    return cause instanceof IOException
        || cause instanceof InterruptedException // by a cluster that gives the application up
        || (cause instanceof SparkException
            && cause.getCause() == null
            && GIVEN_UP.stream().anyMatch(String.valueOf(cause.getMessage())::contains));
  }
}
