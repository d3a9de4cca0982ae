package io.sparknorm.spark.app;

import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.config.Key;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.Verify;
import io.sparknorm.spark.fit.AppliedNorm;
import io.sparknorm.spark.fit.Applier;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Fitter;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.fit.ScanBatches;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.GroupedNorm;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.GroupStatistics;
import io.sparknorm.spark.models.GroupedState;
import io.sparknorm.spark.models.InputIdentity;
import io.sparknorm.spark.models.Model;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Provenance;
import io.sparknorm.spark.models.RecordCounts;
import io.sparknorm.spark.output.Output;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out one job: fits what is to be fitted, applies it, and publishes the output and then the
 * models, but only when the input has stayed the same.
 *
 * <p>A job that was carried out before, the same configuration on the same input, is recognised by
 * its identity, and only what is missing of its results is made. Thus a job can always be started
 * again, and momentum never applies twice to files, or to a snapshot of a table.
 */
final class Job {
  private static final Logger LOG = LoggerFactory.getLogger(Job.class);

  private final SparkSession spark;
  private final JobSpec spec;
  private final Optional<ModelStore> store;
  private final Optional<PartitionFits> partitionFits;
  private final Progress progress;
  private final StopSignal stop;
  private final RunningTasks running;

  /**
   * @param progress told how far the job comes
   * @param stop asked before each step whether to go on
   */
  Job(SparkSession spark, JobSpec spec, Progress progress, StopSignal stop) throws IOException {
    this.spark = spark;
    this.spec = spec;
    this.progress = progress;
    this.stop = stop;
    this.running = new RunningTasks(spark);
    this.store =
        spec.storePath().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new ModelStore(spec.storePath().get(), spark.sparkContext().hadoopConfiguration()));
    this.partitionFits =
        spec.input().partitions().map(some -> new PartitionFits(spec, store, progress));
  }

  /** A part with the model to apply, and what the scan that fitted it found, if there was one. */
  private record Ready(Part part, Model model, Optional<FitResult> fit) {
    AppliedNorm norm() {
      FeatureSpec feature = part.block().spec();
      Normalizer normalizer = model.normalizer(feature.mode());
      Optional<GroupStatistics> groups =
          part.groups().or(() -> fit.flatMap(FitResult::groups).map(GroupedState::statistics));
      return groups.isEmpty()
          ? new AppliedNorm.Plain(normalizer)
          : new AppliedNorm.Grouped(
              new GroupedNorm(
                  (DatasetNorm) model.spec().norm(),
                  normalizer,
                  groups.get(),
                  part.block().key(),
                  feature.unseen(),
                  Key.FEATURES_UNSEEN.fullName()));
    }
  }

  /** What the passes over the input gave: what they applied, and what they saw if they wrote. */
  private record Passes(List<Ready> ready, Optional<Applier> applier) {}

  /**
   * Runs the job to its end.
   *
   * @throws JobException for whatever the user can mend; nothing is published then
   */
  Summary run() throws IOException {
    Input input = Input.pin(spark, spec.input());
    List<Part> parts = new ArrayList<>();
    for (FeatureSpec feature : spec.features()) {
      parts.add(Part.of(feature, spec.command(), store, input.rows().schema()));
    }

    warnIfMomentumMayMoveAgain(input, parts);
    RunIdentity identity = new RunIdentity(spec, input);
    progress.isRun(identity.ofRun(parts));
    Optional<Output> output = spec.output().map(to -> output(to, identity, parts));
    boolean written = true;
    if (output.isPresent()) {
      progress.writesTo(output.get().location());
      OutputRules.checkIsNotTheInput(output.get(), spec.input(), input);
      checkIsAlone(output.get(), input);
      OutputRules.checkPartitions(spec.output().orElseThrow().partitionBy(), input);
      OutputRules.checkColumns(spec.output().orElseThrow(), input);
      Output.Existing existing = output.get().existing();
      written = existing == Output.Existing.SAME_RUN;
      if (existing == Output.Existing.UNFINISHED) {
        throw OutputRules.unfinished(output.get().location());
      }

      if (existing == Output.Existing.OTHER) {
        switch (spec.output().orElseThrow().ifExists()) {
          case REPLACE, REPLACE_PARTITIONS -> {}
          case SKIP -> {
            return Summary.skipped(spec.command(), output.get().location());
          }
          case FAIL -> throw OutputRules.occupied(output.get());
        }
      }
    }

    List<ModelId> published = published(input, parts);
    if (written && published.size() == parts.stream().filter(Part::publishes).count()) {
      published.forEach(progress::usedModel);
      return Summary.repeated(spec.command(), output.map(Output::location), published);
    }

    return carryOut(input, parts, written ? Optional.empty() : output);
  }

  private static void warnIfMomentumMayMoveAgain(Input input, List<Part> parts) {
    boolean moves =
        parts.stream().anyMatch(part -> part.publishes() && part.norm().tracking().isPresent());
    if (moves && input.fitted().kind() == InputIdentity.Kind.UNKNOWN) {
      LOG.warn(
          "Cannot tell this state of {} from another: running statistics move again if this run is"
              + " started again once its model is published",
          input.fitted().location());
    }
  }

  private void checkIsAlone(Output output, Input input) {
    OutputSpec to = spec.output().orElseThrow();
    if (to.path().isPresent()) {
      Configuration hadoop = spark.sparkContext().hadoopConfiguration();
      Optional<String> status = spec.statusPath(progress.date());
      OutputRules.checkIsOutside(output.location(), Key.STORE_PATH, spec.storePath(), hadoop);
      OutputRules.checkIsOutside(output.location(), Key.RUN_STATUS_PATH, status, hadoop);
      OutputRules.checkIsNotSeenWithin(
          spec.input(), input, output.location(), to.partitionBy(), hadoop);
    }
  }

  private Output output(OutputSpec output, RunIdentity identity, List<Part> parts) {
    String run = identity.ofRun(parts);
    return Output.of(spark, output.of(progress.date(), run), run, identity.ofConfiguration());
  }

  private Summary carryOut(Input input, List<Part> parts, Optional<Output> output)
      throws IOException {
    output.ifPresent(Output::checkIsWritable);
    if (output.isPresent() && verifiesStatistics()) {
      OutputRules.checkCanBeReadBack(spec.output().orElseThrow(), spark);
      Verification.prepare(input, parts, spec.input().where());
    }

    boolean isDone = false;
    try (ScanBatches batches = ScanBatches.of(spark, blocks(parts))) {
      Passes passes = makePasses(input, parts, output);
      List<Summary.Block> blocks = blocks(passes);
      progress.saw(blocks);
      checkUnchanged(input);
      if (output.isPresent()) {
        progress.time(Progress.Stage.VERIFY, () -> verify(output.get(), passes, blocks));
      }

      stop.beginPublishing();
      progress.time(Progress.Stage.PUBLISH, () -> publish(input, output, passes.ready(), blocks));
      isDone = true;
      return Summary.done(spec.command(), progress);
    } finally {
      if (!isDone) {
        running.await();
      }

      output.ifPresent(Output::discard);
    }
  }

  private Passes makePasses(Input input, List<Part> parts, Optional<Output> output)
      throws IOException {
    try {
      stop.check();
      List<Ready> ready =
          progress.time(Progress.Stage.FIT, () -> fit(input, parts, output.isPresent()));
      stop.check();
      Optional<Applier> applier = Optional.empty();
      if (output.isPresent()) {
        applier =
            Optional.of(
                progress.time(Progress.Stage.WRITE, () -> stage(output.get(), input, ready)));
      }

      return new Passes(ready, applier);
    } catch (Exception e) { // Spark throws checked ones undeclared
      stop.check();
      checkUnchanged(input); // a file that was replaced explains whatever a pass stumbles over
      if (output.isPresent() && isOutrun(output.get(), e)) {
        throw OutputRules.outrun(
            output.get().location(), e); // and removed what this attempt had staged
      }

      throw e;
    }
  }

  private static boolean isOutrun(Output output, Exception failure) {
    try {
      return output.existing() == Output.Existing.SAME_RUN;
    } catch (Exception e) { // what failed first says more
      failure.addSuppressed(e);
      return false;
    }
  }

  /** A fit by partitions does not mind what becomes of those outside of its window. */
  private void checkUnchanged(Input input) {
    if (spec.command().applies()) {
      input.checkUnchanged();
    } else {
      input.checkFittedUnchanged();
    }
  }

  private boolean verifiesStatistics() {
    return spec.output().orElseThrow().verify() == Verify.STATISTICS;
  }

  private Void verify(Output output, Passes passes, List<Summary.Block> blocks) {
    try {
      checkComplete(output, passes.applier().orElseThrow());
      checkIsWhatWasFitted(passes);
      if (verifiesStatistics()) {
        Verification.verify(output.staged(), blocks, spec.input().where());
      }
    } catch (Exception e) { // Spark throws checked ones undeclared
      stop.check();
      output.checkIsStaged(); // a rival explains whatever is amiss
      if (OutputRules.isOfStreams(e)) {
        throw OutputRules.unreadable(e);
      }

      throw e;
    }

    return null;
  }

  private Applier stage(Output output, Input input, List<Ready> ready) {
    List<FeatureBlock> blocks = blocks(ready.stream().map(Ready::part).toList());
    List<AppliedNorm> norms = ready.stream().map(Ready::norm).toList();
    Applier applier = new Applier(input.rows(), blocks, norms, spec.faults());
    output.stage(applier.rows());
    running.await(); // those that were run twice go on, and write
    return applier;
  }

  private static List<Summary.Block> blocks(Passes passes) {
    List<Summary.Block> blocks = new ArrayList<>();
    for (int i = 0; i < passes.ready().size(); i++) {
      int block = i;
      Ready ready = passes.ready().get(i);
      Optional<Inspection> before = passes.applier().map(pass -> pass.before().get(block));
      Optional<Inspection> after = passes.applier().map(pass -> pass.after().get(block));
      RecordCounts counts =
          before.map(Job::counts).orElseGet(() -> counts(ready.fit().orElseThrow()));
      blocks.add(new Summary.Block(ready.part(), counts, ready.fit(), before, after));
    }

    return blocks;
  }

  /** Publishes the output and then the models. */
  private Void publish(
      Input input, Optional<Output> output, List<Ready> ready, List<Summary.Block> blocks)
      throws IOException {
    output.ifPresent(Output::publish);
    for (int i = 0; i < ready.size(); i++) {
      Part part = ready.get(i).part();
      if (part.publishes()) {
        Optional<FitResult> fit = ready.get(i).fit();
        RecordCounts counts = fit.map(Job::counts).orElse(blocks.get(i).counts());
        Draft draft = draft(part, fit, counts, input);
        progress.usedModel(store.orElseThrow().publish(part.publishAs().orElseThrow(), draft).id());
      }

      part.from().ifPresent(progress::usedModel);
    }

    return null;
  }

  /** Fits all parts that need it in one scan; where no pass follows, all are, to be counted. */
  private List<Ready> fit(Input input, List<Part> parts, boolean passFollows) throws IOException {
    List<Part> scanned =
        parts.stream().filter(part -> part.known().isEmpty() || !passFollows).toList();
    List<FitResult> results = List.of();
    if (!scanned.isEmpty()) {
      results =
          partitionFits.isPresent()
              ? partitionFits.get().fit(input, scanned, blocks(parts))
              : Fitter.fit(chosen(input), blocks(scanned), blocks(parts), spec.faults());
    }

    List<Ready> ready = new ArrayList<>();
    for (Part part : parts) {
      int scan = scanned.indexOf(part);
      Optional<FitResult> result = scan < 0 ? Optional.empty() : Optional.of(results.get(scan));
      if (part.known().isPresent()) {
        ready.add(new Ready(part, part.known().get(), result));
        continue;
      }

      Draft draft = draft(part, result, counts(result.orElseThrow()), input);
      Model model = FittedModels.derive(part.block(), draft, parent(part));
      ready.add(new Ready(part, model, result));
    }

    return ready;
  }

  private Dataset<Row> chosen(Input input) {
    Dataset<Row> rows = input.rows();
    return spec.input().where().map(rows::where).orElse(rows);
  }

  private Draft draft(Part part, Optional<FitResult> fit, RecordCounts counts, Input input) {
    Provenance provenance =
        new Provenance(
            progress.runId(),
            fitIdentity(part, input),
            progress.started(),
            ProductVersion.text(),
            input.fitted(),
            counts);
    return new Draft(
        part.norm(),
        part.block().type(),
        fit.flatMap(FitResult::moments),
        partitionFits.flatMap(fits -> fits.states(part)),
        fit.flatMap(FitResult::groups),
        provenance);
  }

  private static List<FeatureBlock> blocks(List<Part> parts) {
    return parts.stream().map(Part::block).toList();
  }

  static RecordCounts counts(FitResult fit) {
    return new RecordCounts(fit.records(), fit.dropped(), byKey(fit.faults()));
  }

  private static RecordCounts counts(Inspection pass) {
    return new RecordCounts(pass.records(), pass.dropped(), byKey(pass.faults()));
  }

  private static Map<String, Long> byKey(Map<Fault, Long> faults) {
    return faults.entrySet().stream()
        .collect(Collectors.toMap(fault -> fault.getKey().key(), Map.Entry::getValue));
  }

  private Optional<Model> parent(Part part) throws IOException {
    if (!part.publishes()) {
      return Optional.empty();
    }

    Optional<ModelId> latest = store.orElseThrow().latest(part.publishAs().orElseThrow());
    return latest.isEmpty() ? Optional.empty() : Optional.of(store.get().load(latest.get()));
  }

  /** The models that an earlier attempt at this job has published. */
  private List<ModelId> published(Input input, List<Part> parts) throws IOException {
    List<ModelId> published = new ArrayList<>();
    for (Part part : parts) {
      if (part.publishes()) {
        store
            .orElseThrow()
            .published(part.publishAs().orElseThrow(), fitIdentity(part, input))
            .ifPresent(published::add);
      }
    }

    return published;
  }

  private String fitIdentity(Part part, Input input) {
    return new RunIdentity(spec, input).ofFit(part);
  }

  /**
   * Whether the records are counted in the files that were staged, which tell their numbers; else
   * what their writer was given counts. No file may have been made of no records.
   */
  private boolean isCounted() {
    return !verifiesStatistics() && !spec.output().orElseThrow().isText();
  }

  /** In one stage: {@link Dataset#count} takes two, which is longer than to count what is there. */
  private static long records(Dataset<Row> rows) {
    return rows.select(new Column[0]).queryExecution().toRdd().count();
  }

  /** An input without files, such as a query of a database, does not tell when it changes. */
  private void checkIsWhatWasFitted(Passes passes) {
    if (spec.input().where().isPresent() || spec.input().partitions().isPresent()) {
      return; // some records were fitted, and all are written
    }

    long read = passes.applier().orElseThrow().before().get(0).records();
    for (Ready ready : passes.ready()) {
      if (ready.fit().isPresent() && ready.fit().get().records() != read) {
        throw new JobException(
            LeavingStatus.TRY_AGAIN,
            "Cannot publish: the input changed while it was read (%d records, then %d); nothing was"
                    .formatted(ready.fit().get().records(), read)
                + " published, start the run again once the input is complete");
      }
    }
  }

  /** What was staged has to be what was read, less what was dropped. */
  private void checkComplete(Output output, Applier applier) {
    Inspection read = applier.before().get(0);
    long expected = read.records() - read.dropped();
    long given = applier.after().get(0).records();
    output.checkIsStaged(given);
    long written = given == 0 || !isCounted() ? given : records(output.staged());
    if (written != expected) {
      throw new JobException(
          LeavingStatus.GATE,
          "Cannot publish: %d records were written of %d that were read and not dropped; nothing was"
                  .formatted(written, expected)
              + " published");
    }
  }
}
