package io.sparknorm.spark.app;

import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Fitter;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.fit.Partitions;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.PartitionStates;
import io.sparknorm.spark.models.PartitionStates.PartitionState;
import io.sparknorm.spark.models.RecordCounts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.internal.SQLConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fits partition by partition. A partition whose files are those that the model's last version was
 * fitted on is not scanned again: what is new is added to the version's moments, what has left the
 * window or has changed is subtracted, and since moments are exact, the result is that of a scan of
 * everything.
 *
 * <p>The states are published with the version, so an attempt that fails leaves the store as it
 * was.
 */
final class PartitionFits {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionFits.class);

  /** Of the session: those that decide which values, and which records, the same files have. */
  private static final List<String> SETTINGS =
      List.of(
          SQLConf.SESSION_LOCAL_TIMEZONE().key(),
          SQLConf.ANSI_ENABLED().key(),
          SQLConf.CASE_SENSITIVE().key(),
          SQLConf.IGNORE_CORRUPT_FILES().key(),
          SQLConf.IGNORE_MISSING_FILES().key(),
          SQLConf.LEGACY_TIME_PARSER_POLICY().key(),
          SQLConf.AVRO_REBASE_MODE_IN_READ().key(),
          SQLConf.PARQUET_INT96_TIMESTAMP_CONVERSION().key(),
          SQLConf.PARQUET_REBASE_MODE_IN_READ().key(),
          SQLConf.PARQUET_INT96_REBASE_MODE_IN_READ().key());

  private final JobSpec spec;
  private final Optional<ModelStore> store;
  private final Progress progress;
  private final Map<Part, PartitionStates> states = new HashMap<>();

  PartitionFits(JobSpec spec, Optional<ModelStore> store, Progress progress) {
    this.spec = spec;
    this.store = store;
    this.progress = progress;
  }

  /** What a part's last version was fitted on, if its states can be used. */
  private record Last(Map<String, PartitionState> states, Optional<Moments> moments) {
    static final Last NONE = new Last(Map.of(), Optional.empty());

    boolean has(String partition, String files) {
      return states.containsKey(partition) && states.get(partition).files().equals(files);
    }

    /** The moments of other partitions, by way of these. */
    Moments movedTo(List<PartitionState> fitted, int channels) {
      Moments moved = moments.orElseGet(() -> new Moments(channels));
      Set<PartitionState> gone = new HashSet<>(states.values());
      fitted.forEach(gone::remove);
      gone.forEach(state -> state.moments().ifPresent(moved::subtract));
      Set<PartitionState> added = new HashSet<>(fitted);
      added.removeAll(states.values());
      added.forEach(state -> state.moments().ifPresent(moved::merge));
      return moved;
    }
  }

  /** The states to publish with a part. */
  Optional<PartitionStates> states(Part part) {
    return Optional.ofNullable(states.get(part));
  }

  /**
   * As {@link Fitter#fit}, of the partitions in the window.
   *
   * @param parts those to fit
   * @param all the job's blocks
   */
  List<FitResult> fit(Input input, List<Part> parts, List<FeatureBlock> all) throws IOException {
    Map<String, String> digests = input.partitions().orElseThrow().digests();
    String basis = basis(input);
    List<Last> lasts = new ArrayList<>();
    for (Part part : parts) {
      lasts.add(last(part, basis));
    }

    Map<Boolean, List<String>> known =
        digests.keySet().stream()
            .collect(
                Collectors.partitioningBy(
                    name -> lasts.stream().allMatch(last -> last.has(name, digests.get(name)))));
    Progress.Partitions partitions = new Progress.Partitions(known.get(false), known.get(true));
    LOG.info("Fitting on partitions: {}", partitions);
    progress.fitsOn(partitions);
    List<Map<String, PartitionState>> found = scan(input, known.get(false), parts, all);
    List<FitResult> results = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      Map<String, PartitionState> scanned = found.get(i);
      Last last = lasts.get(i);
      List<PartitionState> fitted =
          digests.keySet().stream()
              .map(name -> scanned.getOrDefault(name, last.states().get(name)))
              .toList();
      results.add(total(parts.get(i), last, fitted));
      Fitter.checkFitted(parts.get(i).block(), results.get(i));
      if (parts.get(i).publishes()) {
        states.put(parts.get(i), new PartitionStates(basis, fitted));
      }
    }

    return results;
  }

  /**
   * What the states of partitions depend on besides their files: a change makes them useless. So
   * does one of the settings of the session by which Spark reads files and conditions.
   */
  private String basis(Input input) {
    List<String> all = new ArrayList<>();
    spec.features().forEach(features -> all.add(spec.canonicalFit(features)));
    all.addAll(input.columnsFitted(spec.features()));
    RuntimeConfig session = input.rows().sparkSession().conf();
    SETTINGS.forEach(setting -> all.add(session.get(setting)));
    return Sha256.of(String.join("\n", all));
  }

  private Last last(Part part, String basis) throws IOException {
    if (!part.publishes()) {
      return Last.NONE;
    }

    Optional<ModelId> id = store.orElseThrow().latest(part.publishAs().orElseThrow());
    Optional<PartitionStates> known =
        id.isEmpty() ? Optional.empty() : store.get().partitions(id.get());
    if (known.isEmpty() || !known.get().basis().equals(basis)) {
      return Last.NONE;
    }

    Map<String, PartitionState> byName = new HashMap<>();
    known.get().partitions().forEach(state -> byName.put(state.name(), state));
    return new Last(byName, store.get().moments(id.get()));
  }

  /** The states of partitions by their names, for each part, each scanned once. */
  private List<Map<String, PartitionState>> scan(
      Input input, List<String> names, List<Part> parts, List<FeatureBlock> all) {
    List<Map<String, PartitionState>> found = new ArrayList<>();
    parts.forEach(part -> found.add(new HashMap<>()));
    if (names.isEmpty()) {
      return found;
    }

    Partitions partitions = input.partitions().orElseThrow();
    List<Dataset<Row>> scanned = new ArrayList<>();
    for (String name : names) {
      Dataset<Row> rows = partitions.rows(input.rows(), name);
      scanned.add(spec.input().where().map(rows::where).orElse(rows));
    }

    List<FeatureBlock> blocks = parts.stream().map(Part::block).toList();
    List<List<PartitionState>> states =
        Fitter.scan(
            scanned,
            blocks,
            all,
            spec.faults(),
            (number, results) -> states(names.get(number), partitions, results));
    for (List<PartitionState> ofPartition : states) {
      for (int i = 0; i < parts.size(); i++) {
        found.get(i).put(ofPartition.get(i).name(), ofPartition.get(i));
      }
    }

    return found;
  }

  /** What is kept of a partition for each part. */
  private static List<PartitionState> states(
      String name, Partitions partitions, List<FitResult> results) {
    String files = partitions.digests().get(name);
    return results.stream()
        .map(result -> PartitionState.of(name, files, Job.counts(result), result.moments()))
        .toList();
  }

  /** The sum over all partitions, by way of the last version's. */
  private static FitResult total(Part part, Last last, List<PartitionState> fitted) {
    RecordCounts counts = RecordCounts.NONE;
    for (PartitionState state : fitted) {
      counts = counts.plus(state.counts());
    }

    Map<Fault, Long> faults = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      faults.put(fault, counts.faults().getOrDefault(fault.key(), 0L));
    }

    int channels = Draft.momentChannels(part.norm(), part.block().type());
    Optional<ExactState> moments =
        fitted.stream().anyMatch(state -> state.state().isPresent())
            ? Optional.of(moved(part.block(), last, fitted, channels))
            : Optional.empty();
    return new FitResult(counts.records(), counts.dropped(), faults, moments);
  }

  private static Moments moved(
      FeatureBlock block, Last last, List<PartitionState> fitted, int channels) {
    try {
      return last.movedTo(fitted, channels);
    } catch (ArithmeticException e) {
      throw block.weight().tooManyValues(block.name(), e);
    }
  }
}
