package io.sparknorm.spark.app;

import io.sparknorm.kernels.Normalizer;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.Fault;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.JobSpec;
import io.sparknorm.spark.fit.Applier;
import io.sparknorm.spark.fit.FeatureBlock;
import io.sparknorm.spark.fit.Fitter;
import io.sparknorm.spark.fit.Input;
import io.sparknorm.spark.fit.ScanBatches;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.functions.Inspection;
import io.sparknorm.spark.models.Draft;
import io.sparknorm.spark.models.Model;
import io.sparknorm.spark.models.ModelId;
import io.sparknorm.spark.models.ModelStore;
import io.sparknorm.spark.models.Provenance;
import io.sparknorm.spark.models.RecordCounts;
import io.sparknorm.spark.output.Output;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Carries out one job: fits what is to be fitted, applies it, and publishes the output and then the
 * models, but only when the input has stayed the same.
 *
 * <p>A job that was carried out before, the same configuration on the same input, is recognised by
 * its identity, and only what is missing of its results is made. Thus a job can always be started
 * again, and momentum never applies twice.
 */
final class Job {
  private final SparkSession spark;
  private final JobSpec spec;
  private final Optional<ModelStore> store;
  private final String runId = UUID.randomUUID().toString();
  private final Instant started = Instant.now();

  Job(SparkSession spark, JobSpec spec) throws IOException {
    this.spark = spark;
    this.spec = spec;
    this.store =
        spec.storePath().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new ModelStore(spec.storePath().get(), spark.sparkContext().hadoopConfiguration()));
  }

  /** A part with the model to apply, and what the scan that fitted it found, if there was one. */
  private record Ready(Part part, Model model, Optional<FitResult> fit) {
    Normalizer normalizer() {
      return model.normalizer(part.block().spec().mode());
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

    String identity = identity(input, parts);
    Optional<Output> output = spec.output().map(o -> Output.of(spark, o, identity));
    boolean written = true;
    if (output.isPresent()) {
      checkIsNotTheInput(output.get(), input);
      Output.Existing existing = output.get().existing();
      written = existing == Output.Existing.SAME_RUN;
      if (existing == Output.Existing.OTHER) {
        switch (spec.output().orElseThrow().ifExists()) {
          case REPLACE -> {}
          case SKIP -> {
            return Summary.skipped(spec.command(), output.get().location());
          }
          case FAIL -> throw occupied(output.get().location());
        }
      }
    }

    List<ModelId> published = published(input, parts);
    if (written && published.size() == parts.stream().filter(Part::publishes).count()) {
      return Summary.repeated(spec.command(), output.map(Output::location), published);
    }

    return carryOut(input, parts, written ? Optional.empty() : output);
  }

  private Summary carryOut(Input input, List<Part> parts, Optional<Output> output)
      throws IOException {
    try {
      Passes passes = makePasses(input, parts, output);
      input.checkUnchanged();
      passes.applier().ifPresent(Job::checkComplete);
      output.ifPresent(Output::publish);
      return publish(input, passes);
    } finally {
      output.ifPresent(Output::discard);
    }
  }

  private Passes makePasses(Input input, List<Part> parts, Optional<Output> output)
      throws IOException {
    try (ScanBatches batches = ScanBatches.of(spark, blocks(parts))) {
      List<Ready> ready = fit(input, parts, output.isPresent());
      return new Passes(ready, output.map(to -> stage(to, input, ready)));
    } catch (Exception e) { // Spark throws checked ones undeclared
      input.checkUnchanged(); // a file that was replaced explains whatever a pass stumbles over
      throw e;
    }
  }

  private Applier stage(Output output, Input input, List<Ready> ready) {
    List<FeatureBlock> blocks = blocks(ready.stream().map(Ready::part).toList());
    List<Normalizer> normalizers = ready.stream().map(Ready::normalizer).toList();
    Applier applier = new Applier(input.rows(), blocks, normalizers, spec.faults());
    output.stage(applier.rows());
    return applier;
  }

  /** Publishes the models, now that the output is, and sums up. */
  private Summary publish(Input input, Passes passes) throws IOException {
    List<Ready> ready = passes.ready();
    Optional<Applier> applier = passes.applier();
    List<ModelId> models = new ArrayList<>();
    List<Summary.Block> blocks = new ArrayList<>();
    for (int i = 0; i < ready.size(); i++) {
      int block = i;
      Part part = ready.get(i).part();
      Optional<Inspection> before = applier.map(pass -> pass.before().get(block));
      Optional<Inspection> after = applier.map(pass -> pass.after().get(block));
      Optional<FitResult> fit = ready.get(i).fit();
      RecordCounts counts = fit.isPresent() ? counts(fit.get()) : counts(before.orElseThrow());
      if (part.publishes()) {
        Draft draft = draft(part, fit, counts, input);
        models.add(store.orElseThrow().publish(part.publishAs().orElseThrow(), draft).id());
      }

      part.from().ifPresent(models::add);
      blocks.add(
          new Summary.Block(part, before.map(Job::counts).orElse(counts), fit, before, after));
    }

    return Summary.done(spec, models, blocks, Duration.between(started, Instant.now()));
  }

  /** Fits all parts that need it in one scan; where no pass follows, all are, to be counted. */
  private List<Ready> fit(Input input, List<Part> parts, boolean passFollows) throws IOException {
    List<Part> scanned =
        parts.stream().filter(part -> part.known().isEmpty() || !passFollows).toList();
    List<FitResult> results = List.of();
    if (!scanned.isEmpty()) {
      Dataset<Row> rows = input.rows();
      Dataset<Row> chosen = spec.input().where().map(rows::where).orElse(rows);
      results = Fitter.fit(chosen, blocks(scanned), blocks(parts), spec.faults());
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

  private Draft draft(Part part, Optional<FitResult> fit, RecordCounts counts, Input input) {
    Provenance provenance =
        new Provenance(
            runId,
            fitIdentity(part, input),
            started,
            ProductVersion.text(),
            input.identity(),
            counts);
    return new Draft(part.norm(), part.block().type(), fit.flatMap(FitResult::moments), provenance);
  }

  private static List<FeatureBlock> blocks(List<Part> parts) {
    return parts.stream().map(Part::block).toList();
  }

  private static RecordCounts counts(FitResult fit) {
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

  /**
   * What makes two fits the same, whatever else the job does: momentum applies once to one dataset,
   * even if its output is written again elsewhere.
   */
  private String fitIdentity(Part part, Input input) {
    return Sha256.of(
        String.join("\n", spec.canonicalFit(part.block().spec()), input.identity().digest()));
  }

  private String identity(Input input, List<Part> parts) {
    String applied =
        parts.stream()
            .flatMap(part -> part.from().stream())
            .map(ModelId::toString)
            .collect(Collectors.joining("\n"));
    return Sha256.of(String.join("\n", spec.canonical(), input.identity().digest(), applied));
  }

  /** What was staged has to be what was read, less what was dropped. */
  private static void checkComplete(Applier applier) {
    Inspection read = applier.before().get(0);
    long expected = read.records() - read.dropped();
    long written = applier.after().get(0).records();
    if (written != expected) {
      throw new JobException(
          LeavingStatus.GATE,
          "Cannot publish: %d records were written of %d that were read and not dropped; nothing was"
                  .formatted(written, expected)
              + " published");
    }
  }

  /** Once replaced, it would be normalised a second time by the next attempt. */
  private static void checkIsNotTheInput(Output output, Input input) {
    if (output.holds(input.identity())) {
      throw JobException.usage(
          "Cannot write output: %s is where the input is (write to another path or table)"
              .formatted(output.location()));
    }
  }

  private static JobException occupied(String location) {
    return new JobException(
        LeavingStatus.CONFLICT,
        "Cannot write output: %s exists and is not this run's (write to a new path, or set"
                .formatted(location)
            + " output.if-exists = replace | skip)");
  }
}
