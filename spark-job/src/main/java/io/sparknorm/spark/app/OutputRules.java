package io.sparknorm.spark.app;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.InputSpec;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.output.Output;
import java.util.List;

/** When an output may not be written, and why. */
final class OutputRules {
  private OutputRules() {}

  /** Once replaced, an input would be normalised a second time by the next attempt. */
  static void checkIsNotTheInput(Output output, InputSpec spec, Input input) {
    if (output.holds(spec, input.identity())) {
      throw JobException.usage(
          "Cannot write output: %s is where the input is (write to another path or table)"
              .formatted(output.location()));
    }
  }

  /** Partitions are made of columns of the input. */
  static void checkPartitions(List<String> partitionBy, Input input) {
    List<String> columns = List.of(input.rows().columns());
    for (String column : partitionBy) {
      if (columns.stream().noneMatch(column::equalsIgnoreCase)) {
        throw JobException.data(
            "Cannot part the output by %s: the input has %s"
                .formatted(column, String.join(", ", columns)));
      }
    }
  }

  static JobException occupied(String location) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot write output: %s exists and is not this run's (write to a new path, or set"
                .formatted(location)
            + " output.if-exists = replace | skip)");
  }

  static JobException outrun(String location, Exception cause) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot publish output: another attempt at this run has published %s".formatted(location),
        cause);
  }
}
