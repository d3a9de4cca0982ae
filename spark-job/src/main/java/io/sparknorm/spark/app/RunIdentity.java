package io.sparknorm.spark.app;

import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.models.ModelId;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What makes two attempts the same run, so that the second is recognised. The types of columns are
 * part of it: a table that is defined anew may read other values from the same files.
 *
 * @param spec the job
 * @param input as it is pinned
 */
record RunIdentity(JobSpec spec, Input input) {
  /** Of the whole: the same configuration on the same input, with the same models applied. */
  String ofRun(List<Part> parts) {
    String applied =
        parts.stream()
            .flatMap(part -> part.from().stream())
            .map(ModelId::toString)
            .collect(Collectors.joining("\n"));
    return Sha256.of(
        String.join(
            "\n",
            spec.canonical(),
            input.identity().digest(),
            input.rows().schema().catalogString(),
            applied));
  }

  /**
   * Of a part's fit, whatever else the job does: momentum applies once to one dataset, even if its
   * output is written again elsewhere, or its other columns have changed.
   */
  String ofFit(Part part) {
    FeatureSpec block = part.block().spec();
    List<FeatureSpec> read = spec.faults().dropRecords() ? spec.features() : List.of(block);
    return Sha256.of(
        String.join(
            "\n",
            spec.canonicalFit(block),
            input.fitted().digest(),
            String.join("\n", input.columnsFitted(read))));
  }

  /** Of the configuration alone. */
  String ofConfiguration() {
    return Sha256.of(spec.canonical());
  }
}
