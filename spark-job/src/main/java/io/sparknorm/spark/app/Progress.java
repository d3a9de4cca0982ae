package io.sparknorm.spark.app;

import io.sparknorm.spark.models.ModelId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** How far an attempt at a run has come: what can be told of it however it ends. */
final class Progress {
  /** What a run spends its time on. */
  enum Stage {
    FIT,
    WRITE,
    VERIFY,
    PUBLISH
  }

  /**
   * The partitions of the input that a fit is on.
   *
   * @param scanned those that are new or changed
   * @param reused those whose states are known
   */
  record Partitions(List<String> scanned, List<String> reused) {
    private static final int MOST_NAMED = 5;

    Partitions {
      scanned = List.copyOf(scanned);
      reused = List.copyOf(reused);
    }

    @Override
    public String toString() {
      return "%d scanned%s, %d reused%s"
          .formatted(scanned.size(), names(scanned), reused.size(), names(reused));
    }

    private static String names(List<String> names) {
      if (names.isEmpty()) {
        return "";
      }

      return names.size() <= MOST_NAMED
          ? " (%s)".formatted(String.join(", ", names))
          : " (%s .. %s)".formatted(names.get(0), names.get(names.size() - 1));
    }
  }

  /** Work that takes time. */
  @FunctionalInterface
  interface Work<T> {
    T carryOut() throws IOException;
  }

  private final String runId = UUID.randomUUID().toString();
  private final Instant started = Instant.now();
  private final Map<Stage, Duration> taken = new EnumMap<>(Stage.class);
  private final List<ModelId> models = new ArrayList<>();
  private List<Summary.Block> blocks = List.of();
  private Optional<Partitions> partitions = Optional.empty();
  private Optional<String> applicationId = Optional.empty();
  private Optional<String> runIdentity = Optional.empty();
  private Optional<String> output = Optional.empty();

  /** Unique to this attempt. */
  String runId() {
    return runId;
  }

  Instant started() {
    return started;
  }

  /** The day on which the attempt started. */
  LocalDate date() {
    return LocalDate.ofInstant(started, ZoneOffset.UTC);
  }

  /** Carries out a part of a stage and adds the time that it took, however it ends. */
  <T> T time(Stage stage, Work<T> work) throws IOException {
    long begin = System.nanoTime();
    try {
      return work.carryOut();
    } finally {
      taken.merge(stage, Duration.ofNanos(System.nanoTime() - begin), Duration::plus);
    }
  }

  Map<Stage, Duration> taken() {
    return Collections.unmodifiableMap(taken);
  }

  void runsIn(String application) {
    applicationId = Optional.of(application);
  }

  Optional<String> applicationId() {
    return applicationId;
  }

  void isRun(String identity) {
    runIdentity = Optional.of(identity);
  }

  Optional<String> runIdentity() {
    return runIdentity;
  }

  void saw(List<Summary.Block> seen) {
    blocks = List.copyOf(seen);
  }

  /** What was seen of each block; empty before it is known. */
  List<Summary.Block> blocks() {
    return blocks;
  }

  /** Notes it before they are scanned. */
  void fitsOn(Partitions fitted) {
    partitions = Optional.of(fitted);
  }

  /** Those of the input that were fitted on, if states of them are kept. */
  Optional<Partitions> partitions() {
    return partitions;
  }

  void writesTo(String location) {
    output = Optional.of(location);
  }

  /** Where the result goes, once that is known. */
  Optional<String> output() {
    return output;
  }

  /** Notes a version that was published or applied. */
  void usedModel(ModelId id) {
    models.add(id);
  }

  List<ModelId> models() {
    return Collections.unmodifiableList(models);
  }
}
