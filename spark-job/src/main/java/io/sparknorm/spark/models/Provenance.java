package io.sparknorm.spark.models;

import io.sparknorm.spark.config.ModelReference;
import java.time.Instant;

/**
 * Where a version of a model comes from.
 *
 * @param runId unique to one attempt: letters, digits, {@code _} and {@code -}, as it names files
 * @param runIdentity what makes two attempts the same run: 64 lower-case hexadecimal digits
 * @param created when the run began
 * @param productVersion the version of sparknorm
 * @param input what was fitted on
 * @param counts of records and faults
 */
public record Provenance(
    String runId,
    String runIdentity,
    Instant created,
    String productVersion,
    InputIdentity input,
    RecordCounts counts) {
  public Provenance {
    if (!ModelReference.isName(runId)) {
      throw new IllegalArgumentException(
          "Invalid run id: %s (letters, digits, _ and - only)".formatted(runId));
    }
  }
}
