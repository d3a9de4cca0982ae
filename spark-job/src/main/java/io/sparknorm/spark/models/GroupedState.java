package io.sparknorm.spark.models;

import java.io.IOException;
import java.io.OutputStream;

/** What a fit has found of each group; the exact moments of all of them are never in memory. */
public interface GroupedState {
  /** How groups are normalised. */
  GroupStatistics statistics();

  /** Writes the content of a {@link GroupFile#MOMENTS} file. */
  void writeMoments(OutputStream out) throws IOException;
}
