package io.sparknorm.spark.fit;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A dataset whose identity is pinned: Spark reads the same list of files in both passes, and a run
 * compares their lengths and modification times before it publishes anything.
 */
public final class Input {
  private final Dataset<Row> rows;
  private final String location;
  private final boolean isView;
  private final Configuration hadoop;
  private final InputIdentity identity;

  private Input(Dataset<Row> rows, String location, boolean isView, Configuration hadoop) {
    this.rows = rows;
    this.isView = isView;
    this.location = location;
    this.hadoop = hadoop;
    this.identity = identify();
  }

  /**
   * Pins a dataset as it is now.
   *
   * @param location what the user knows it as, without secrets
   * @param isView whether the files alone do not tell what the rows are; then no other run is taken
   *     for the same
   */
  public static Input pin(Dataset<Row> rows, String location, boolean isView) {
    return new Input(
        rows, location, isView, rows.sparkSession().sparkContext().hadoopConfiguration());
  }

  public Dataset<Row> rows() {
    return rows;
  }

  public InputIdentity identity() {
    return identity;
  }

  /**
   * Throws if a file has changed since the input was pinned. Inputs without files cannot be told.
   *
   * @throws JobException with status TRY_AGAIN
   */
  public void checkUnchanged() {
    InputIdentity now = identify();
    if (now.files().equals(identity.files())) {
      return;
    }

    String changed =
        identity.files().stream()
            .filter(file -> !now.files().contains(file))
            .map(InputIdentity.InputFile::path)
            .findFirst()
            .orElse(location);
    throw new JobException(
        LeavingStatus.TRY_AGAIN,
        "Cannot publish: the input changed while it was read (%s was replaced or deleted); nothing"
                .formatted(changed)
            + " was published, start the run again once the input is complete");
  }

  private InputIdentity identify() {
    try {
      return InputFiles.identify(rows.inputFiles(), location, isView, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
