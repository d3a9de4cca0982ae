package io.sparknorm.spark.config;

import com.typesafe.config.Config;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * What a job is to do: the typed and checked content of a job file.
 *
 * @param command which parts of the job file the job carries out
 * @param input the data to read
 * @param output the result to write; there if the command applies, and only then
 * @param features at least one block of columns
 * @param storePath the folder of the models; always there if a block has a model
 * @param faults what happens to elements that are no plain numbers
 * @param statusTemplate the file that says how a run ended; none where the job file has neither it
 *     nor a path to derive it from
 */
public record JobSpec(
    Command command,
    InputSpec input,
    Optional<OutputSpec> output,
    List<FeatureSpec> features,
    Optional<String> storePath,
    FaultPolicies faults,
    Optional<String> statusTemplate) {
  public JobSpec {
    features = List.copyOf(features);
  }

  /**
   * Checks all that can be checked without looking at the data.
   *
   * @param config a resolved job file
   * @throws io.sparknorm.spark.JobException for an unknown key, a value that breaks a rule, or a
   *     part that the command needs and does not find
   */
  public static JobSpec parse(Config config, Command command) {
    return new JobReader(config, command).read();
  }

  /** The file that says how a run ended which started on this day. */
  public Optional<String> statusPath(LocalDate date) {
    return statusTemplate.map(path -> path.replace(Placeholders.DATE, date.toString()));
  }

  /** The whole configuration, every default written out, for the log: values of options hidden. */
  public String effective() {
    return JobWriter.effective(this);
  }

  /**
   * One line that is equal for equal fits of a block, whatever else a job does and whatever the
   * window, which tells in the files that are read: what the identity of a published model is
   * derived from. It holds the values of options: for hashing only.
   */
  public String canonicalFit(FeatureSpec features) {
    return JobWriter.canonicalFit(this, features);
  }

  /**
   * One line that is equal for equal jobs and differs for jobs that differ in anything that shapes
   * their results: what a run's identity is derived from. It holds the values of options: for
   * hashing only.
   */
  public String canonical() {
    return JobWriter.canonical(this);
  }
}
