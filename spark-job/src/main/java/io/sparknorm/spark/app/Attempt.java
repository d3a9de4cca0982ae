package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.TimeLimit;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.config.Locations;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt at a run: a session that is started and stopped for it, the job, and the file that
 * says how it ended, which is written last.
 */
final class Attempt {
  private static final Logger LOG = LoggerFactory.getLogger(SparknormApp.class);

  /** Spark waits for its listeners, however long they take. */
  private static final int LONGEST_STOP_SECONDS = 10;

  private final Supplier<SparkSession> sessions;
  private final JobSpec job;
  private final Progress progress = new Progress();

  Attempt(Supplier<SparkSession> sessions, JobSpec job) {
    this.sessions = sessions;
    this.job = job;
  }

  /**
   * How an attempt ended.
   *
   * @param reason in a line
   * @param lines to print
   */
  record Ending(LeavingStatus status, String reason, List<String> lines) {
    /** The ending of work that failed, which is logged. */
    static Ending of(Throwable failure) {
      return Failures.inTermsOfTheJob(failure).map(Ending::of).orElseGet(() -> bug(failure));
    }

    /** What a user can mend is told in a line. */
    private static Ending of(JobException failure) {
      LOG.error(Locations.withoutSecrets(failure.getMessage()));
      LOG.debug("What led to it", failure);
      return new Ending(failure.status(), failure.getMessage(), List.of());
    }

    /** Anything else with all that helps to find its cause. */
    private static Ending bug(Throwable failure) {
      LOG.error("Unexpected failure", failure);
      return new Ending(LeavingStatus.UNEXPECTED, "Unexpected failure: " + failure, List.of());
    }
  }

  /** Carries the job out; whatever goes wrong is told, not thrown. */
  Ending carryOut() {
    try (StopSignal stop = StopSignal.listen()) {
      Ending ending = start(stop);
      stop.end();
      return ending;
    }
  }

  private Ending start(StopSignal stop) {
    SparkSession spark;
    try {
      spark = sessions.get();
    } catch (Throwable failure) {
      return told(failed(failure, stop), stop);
    }

    progress.runsIn(spark.sparkContext().applicationId());
    stop.cancelBy(spark.sparkContext()::cancelAllJobs);
    Ending ending = told(work(spark, stop), stop); // while the session's credentials hold
    if (stop.hasStoppedTheRun()) {
      // Tasks that are still being cut short find the context gone, and Spark tells of each.
      spark.sparkContext().setLogLevel("OFF");
    }

    stop(spark);
    return ending;
  }

  /** What the run came to stands, whether or not Spark stops in order, or at all. */
  private static void stop(SparkSession spark) {
    try {
      TimeLimit.within(LONGEST_STOP_SECONDS, "sparknorm-stop", () -> closed(spark));
    } catch (ExecutionException e) {
      LOG.warn("Cannot stop Spark: {}", e.getCause().toString());
    } catch (TimeoutException e) {
      LOG.warn("Cannot stop Spark within {} s: left as it is", LONGEST_STOP_SECONDS);
    } catch (InterruptedException e) {
      LOG.warn("Cannot stop Spark: {}", e.toString());
    }
  }

  private static Void closed(SparkSession spark) throws IOException {
    spark.close();
    return null;
  }

  private Ending work(SparkSession spark, StopSignal stop) {
    try {
      Summary summary = new Job(spark, job, progress, stop).run();
      return new Ending(LeavingStatus.DONE, summary.reason(), summary.lines());
    } catch (Throwable failure) {
      return failed(failure, stop);
    }
  }

  private static Ending failed(Throwable failure, StopSignal stop) {
    return Ending.of(stop.explain(failure));
  }

  private Ending told(Ending ending, StopSignal stop) {
    Optional<String> path = job.statusPath(progress.date());
    Thread.interrupted(); // whoever interrupted the run would be told nothing
    try {
      if (path.isPresent()) {
        new RunStatus(job, ending.status(), ending.reason(), progress)
            .write(path.get(), HadoopSettings.of(new SparkConf()));
      }
    } catch (Throwable e) { // a file system that lacks its library throws an error
      // What the run came to stands, whether or not it can be told.
      LOG.warn("Cannot write {}: {}", Locations.withoutSecrets(path.get()), e.toString());
    }

    stop.leaveWith(ending.status());
    return ending;
  }
}
