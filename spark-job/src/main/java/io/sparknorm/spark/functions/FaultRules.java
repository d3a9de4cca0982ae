package io.sparknorm.spark.functions;

import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FaultPolicies;
import io.sparknorm.spark.config.FaultPolicies.Policy;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The fault policies for one source of tensors, and the words for its faults.
 *
 * @param policies what happens to each fault
 * @param subject what the user knows the source as, such as {@code column features}
 * @param settings what stands before a fault's key in the setting of its policy
 * @param channelNames the scalar columns that are the channels, empty for a tensor column
 */
public record FaultRules(
    FaultPolicies policies, String subject, String settings, List<String> channelNames)
    implements Serializable {
  public FaultRules {
    channelNames = List.copyOf(channelNames);
  }

  /** For a tensor column of a job, whose policies stand under {@code faults}. */
  public static FaultRules ofColumn(String column, FaultPolicies policies) {
    return new FaultRules(policies, "column " + column, "faults.", List.of());
  }

  /** For the scalar columns of a job, each a channel. */
  public static FaultRules ofColumns(List<String> columns, FaultPolicies policies) {
    return new FaultRules(policies, "columns " + String.join(", ", columns), "faults.", columns);
  }

  /** For the argument of a function of a catalog, whose policies are settings of the catalog. */
  static FaultRules ofFunction(String catalog, String function, FaultPolicies policies) {
    return new FaultRules(
        policies,
        "the argument of %s.%s".formatted(catalog, function),
        "spark.sql.catalog.%s.faults.".formatted(catalog),
        List.of());
  }

  DataFaultException nullArray() {
    return failure(Fault.NULL_ARRAY, subject, "the array is null");
  }

  DataFaultException wrongLength(String why) {
    return failure(Fault.WRONG_LENGTH, subject, why);
  }

  /** The failure for one element. */
  DataFaultException element(Fault fault, int position, int channel, double value) {
    String found = fault == Fault.NULL_ELEMENT ? "null" : String.valueOf(value);
    return channelNames.isEmpty()
        ? failure(
            fault, subject, "element %d (channel %d) is %s".formatted(position, channel, found))
        : failure(fault, "column " + channelNames.get(channel), "the value is " + found);
  }

  /** The failure when kernels refuse a tensor that the shape accepts. */
  DataFaultException refused(IllegalArgumentException why) {
    return new DataFaultException(
        "Cannot read %s: %s%s".formatted(subject, why.getMessage(), inFile()));
  }

  /** The failure for a record of a group without statistics. */
  DataFaultException unseen(String group, String setting) {
    return new DataFaultException(
        "Cannot normalise %s: the group %s was not fitted%s; to go on, set %s = global | identity"
            .formatted(subject, group, inFile(), setting));
  }

  private DataFaultException failure(Fault fault, String source, String why) {
    return new DataFaultException(
        "Cannot read %s: %s%s; to go on, set %s%s = propagate | drop-record | skip-value"
            .formatted(source, why, inFile(), settings, fault.key()));
  }

  /** The file that the task reads, if Spark knows it. */
  static String inFile() {
    UTF8String path = InputFileBlockHolder.getInputFilePath();
    return path.numBytes() == 0 ? "" : " in file " + path;
  }

  Policy of(Fault fault) {
    return policies.of(fault);
  }
}
