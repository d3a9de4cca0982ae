package io.sparknorm.spark.app;

import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.ModelId;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What makes two attempts the same run, so that the second is recognised.
 *
 * @param spec the job
 * @param input the state of its input
 */
record RunIdentity(JobSpec spec, InputIdentity input) {
  /** Of the whole: the same configuration on the same input, with the same models applied. */
  String ofRun(List<Part> parts) {
    String applied =
        parts.stream()
            .flatMap(part -> part.from().stream())
            .map(ModelId::toString)
            .collect(Collectors.joining("\n"));
    return Sha256.of(String.join("\n", spec.canonical(), input.digest(), applied));
  }

  /**
   * Of a part's fit, whatever else the job does: momentum applies once to one dataset, even if its
   * output is written again elsewhere.
   */
  String ofFit(Part part) {
    return Sha256.of(String.join("\n", spec.canonicalFit(part.block().spec()), input.digest()));
  }

  /** Of the configuration alone. */
  String ofConfiguration() {
    return Sha256.of(spec.canonical());
  }
}
