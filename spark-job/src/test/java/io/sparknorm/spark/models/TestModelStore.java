package io.sparknorm.spark.models;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.EvoNormB;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestModelStore {
  private static final RecordType VECTOR =
      RecordType.tensor(TensorShape.vector(2), ElementType.FLOAT);
  private static final RecordType IMAGE =
      RecordType.tensor(
          new TensorShape(List.of(2, 4, 4), Layout.CHANNELS_FIRST), ElementType.FLOAT);
  private static final InputIdentity INPUT =
      new InputIdentity(
          InputIdentity.Kind.FILES,
          "hdfs://cluster/features",
          List.of(
              new InputFile("hdfs://cluster/features/part-0.parquet", 1234, 1700000000123L),
              new InputFile(
                  "s3a://features/part-1.parquet", 1234, 1700000000000L, Optional.of("\"0-1\""))),
          "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");

  @TempDir Path folder;

  private ModelStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = new ModelStore(folder.resolve("store").toString(), new Configuration());
  }

  @Test
  void storeThatIsNotThereIsEmpty() throws IOException {
    assertThat(store.names()).isEmpty();
    assertThat(store.versions("embeddings")).isEmpty();
    assertThat(store.latest("embeddings")).isEmpty();
    assertThat(store.published("embeddings", "a")).isEmpty();
  }

  @Test
  void readsBackWhatWasPublished() throws IOException {
    RecordType columns =
        new RecordType(TensorShape.vector(2), ElementType.DOUBLE, List.of("age", "in come"));
    NormSpec spec =
        tracking(
            BatchNorm.DEFAULT,
            new Momentum(0.1, Momentum.Convention.NEW_WEIGHT),
            Variance.UNBIASED);
    Draft draft =
        new Draft(spec, columns, Optional.of(moments(1, 5, 3, 9)), provenance("run-1", "a"));

    Publication publication = store.publish("embeddings", draft);

    ModelId id = new ModelId("embeddings", 1);
    assertThat(publication).isEqualTo(new Publication(id, false));
    assertThat(store.names()).containsExactly("embeddings");
    assertThat(store.versions("embeddings")).containsExactly(id);
    assertThat(store.latest("embeddings")).contains(id);
    Manifest manifest = store.manifest(id);
    assertThat(manifest.provenance()).isEqualTo(draft.provenance());
    assertThat(manifest.parent()).isEmpty();
    Model model = store.load(id);
    assertThat(model).isEqualTo(draft.model(Optional.empty()));
    assertThat(model.spec()).isEqualTo(spec);
    assertThat(model.type()).isEqualTo(columns);
    Statistics statistics = model.statistics().orElseThrow();
    assertThat(statistics.counts()).containsExactly(2, 2);
    assertThat(statistics.mean()).isEqualTo(Coefficients.of(2, 7));
    assertThat(statistics.variance(Variance.BIASED)).isEqualTo(Coefficients.of(1, 4));
    assertThat(statistics.variance(Variance.UNBIASED)).isEqualTo(Coefficients.of(2, 8));
    RunningStatistics running = model.running().orElseThrow();
    assertThat(running.mean().get(1)).isCloseTo(0.7, within(1e-15));
    assertThat(running.variance().get(1)).isCloseTo(0.9 + 0.8, within(1e-15));
    assertThat(running.batchesTracked()).isEqualTo(1);
    assertThat(store.moments(id).orElseThrow().statistics()).isEqualTo(statistics);
  }

  @Test
  void normThatNeedsNoStatisticsIsAManifestAlone() throws IOException {
    Draft draft =
        new Draft(
            new NormSpec(LayerNorm.over(2), Optional.empty()),
            VECTOR,
            Optional.empty(),
            provenance("run-1", "a"));

    ModelId id = store.publish("embeddings", draft).id();

    assertThat(store.load(id)).isEqualTo(draft.model(Optional.empty()));
    assertThat(store.moments(id)).isEmpty();
    assertThat(entries(id)).containsExactly("manifest.json");
  }

  @Test
  void manifestTellsTheWholeStory() throws IOException {
    ModelId id = store.publish("embeddings", cumulative("run-1", "a", 1, 5, 3, 9)).id();

    String manifest = Files.readString(file(id, "manifest.json"));

    assertThat(manifest)
        .startsWith(
            """
            {
              "format_version" : 1,
              "model" : "embeddings",
              "version" : 1,
              "parent" : null,
              "run" : {
                "id" : "run-1",
                "identity" : "a"
              },
              "created" : "2026-01-02T03:04:05.006Z",
              "product_version" : "0.1.0",
              "element_type" : "float",
              "shape" : [ 2 ],
              "layout" : "channels-first",
              "channel_names" : [ ],
            """)
        .contains(
            "\"dropped\" : 2", "\"null-array\" : 2", "\"location\" : \"hdfs://cluster/features\"");
    assertThat(entries(id))
        .containsExactlyInAnyOrder("manifest.json", "stats-run-1.json", "moments-run-1.bin");
  }

  @Test
  void runningStatisticsGoOnFromTheVersionBefore() throws IOException {
    store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3));
    ModelId second = store.publish("embeddings", cumulative("run-2", "b", 5, 5, 7, 7)).id();

    RunningStatistics running = store.load(second).running().orElseThrow();
    assertThat(store.manifest(second).parent()).isEqualTo(OptionalInt.of(1));
    assertThat(running.mean()).isEqualTo(Coefficients.of(4, 4));
    assertThat(running.variance()).isEqualTo(Coefficients.of(1, 1));
    assertThat(running.batchesTracked()).isEqualTo(2);
  }

  @Test
  void sameRunIsPublishedOnce() throws IOException {
    ModelId first = store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3)).id();
    store.publish("embeddings", cumulative("run-2", "b", 5, 5, 7, 7));

    Publication again = store.publish("embeddings", cumulative("run-3", "a", 1, 1, 3, 3));

    assertThat(again).isEqualTo(new Publication(first, true));
    assertThat(store.published("embeddings", "a")).contains(first);
    assertThat(store.versions("embeddings")).hasSize(2);
    assertThat(folder.resolve("store/embeddings/v=3")).doesNotExist();
  }

  @Test
  void instanceNormKeepsTheAveragesOverRecordsAndNoStatisticsOfTheDataset() throws IOException {
    // Means 2 and 4 over two records, variances 0.5 and 8.
    Moments perRecord = new Moments(4);
    for (double[] record : new double[][] {{1, 3, 0.25, 4}, {3, 5, 0.75, 12}}) {
      for (int c = 0; c < record.length; c++) {
        perRecord.add(c, record[c]);
      }
    }

    Draft draft =
        new Draft(
            tracking(InstanceNorm.DEFAULT, Momentum.CUMULATIVE, Variance.UNBIASED),
            IMAGE,
            Optional.of(perRecord),
            provenance("run-1", "a"));
    ModelId id = store.publish("images", draft).id();

    Model model = store.load(id);
    assertThat(model.statistics()).isEmpty();
    assertThat(model.running())
        .contains(new RunningStatistics(Coefficients.of(2, 4), Coefficients.of(0.5, 8), 1));
    assertThat(store.moments(id).orElseThrow().channels()).isEqualTo(4);
  }

  @Test
  void evoNormWithoutItsNonLinearPartLeavesRunningStatisticsAlone() throws IOException {
    EvoNormB norm = new EvoNormB(EvoNormB.Variant.B0, 1e-3, Affine.NONE, Coefficients.NONE, false);
    Draft draft =
        new Draft(
            tracking(norm, Momentum.CUMULATIVE, Variance.BIASED),
            VECTOR,
            Optional.of(moments(1, 1, 3, 3)),
            provenance("run-1", "a"));

    Model model = store.load(store.publish("evo", draft).id());

    assertThat(model.running()).contains(RunningStatistics.initial(2));
  }

  @Test
  void refusesToMoveRunningStatisticsOfOtherDataOrOfAnotherNorm() throws IOException {
    store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3));
    NormSpec spec = tracking(BatchNorm.DEFAULT, Momentum.CUMULATIVE, Variance.BIASED);
    Draft wider =
        new Draft(
            spec,
            RecordType.tensor(TensorShape.vector(1), ElementType.FLOAT),
            Optional.of(new Moments(1).add(0, 1).add(0, 2)),
            provenance("run-2", "b"));
    Draft other =
        new Draft(
            tracking(EvoNormB.of(EvoNormB.Variant.B0), Momentum.CUMULATIVE, Variance.BIASED),
            VECTOR,
            Optional.of(moments(1, 1, 3, 3)),
            provenance("run-3", "c"));

    assertRefused(
        () -> store.publish("embeddings", wider),
        "Cannot continue the running statistics of the model's last version: the data does not"
            + " match\n  model: [2] float\n  data:  [1] float");
    assertRefused(
        () -> store.publish("embeddings", other),
        "Cannot continue the running statistics of the model's last version: they belong to"
            + " another norm\n  model: BatchNorm\n  run:   EvoNormB");
    assertThat(store.versions("embeddings")).hasSize(1);
  }

  @Test
  void refusesToMoveTheRunningVarianceByAChannelOfOneValue() {
    Draft single =
        new Draft(
            tracking(BatchNorm.DEFAULT, Momentum.CUMULATIVE, Variance.UNBIASED),
            VECTOR,
            Optional.of(new Moments(2).add(0, 1).add(0, 2).add(1, 3)),
            provenance("run-1", "a"));

    assertRefused(
        () -> store.publish("embeddings", single),
        "Cannot update the running variance: channel 1 has one value (the unbiased variance needs"
            + " at least 2)");
    assertThat(folder.resolve("store")).doesNotExist();
  }

  @Test
  void refusesMomentsThatTheNormDoesNotCallFor() {
    assertThatThrownBy(
            () ->
                new Draft(
                    tracking(InstanceNorm.DEFAULT, Momentum.CUMULATIVE, Variance.UNBIASED),
                    IMAGE,
                    Optional.of(new Moments(2)),
                    provenance("run-1", "a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid moments: 2 channels (expected 4)");
  }

  @Test
  void manyWritersGiveOneChainInWhichEveryRunCountsOnce() throws Exception {
    int writers = 8;
    int runs = 5;
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    Set<Integer> numbers = new HashSet<>();
    try {
      CyclicBarrier start = new CyclicBarrier(writers);
      List<Future<List<ModelId>>> published = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        String name = "writer-" + writer;
        published.add(
            pool.submit(
                () -> {
                  start.await();
                  List<ModelId> ids = new ArrayList<>();
                  for (int run = 0; run < runs; run++) {
                    String id = name + "-" + run;
                    ids.add(store.publish("embeddings", cumulative(id, id, 1, 1, 3, 3)).id());
                  }

                  return ids;
                }));
      }

      for (Future<List<ModelId>> ids : published) {
        ids.get().forEach(id -> numbers.add(id.version()));
      }
    } finally {
      pool.shutdownNow();
    }

    assertThat(numbers).hasSize(writers * runs);
    for (ModelId id : store.versions("embeddings")) {
      int number = id.version();
      assertThat(numbers).contains(number);
      Manifest manifest = store.manifest(id);
      assertThat(manifest.parent().orElse(0)).isEqualTo(number - 1);
      assertThat(store.load(id).running().orElseThrow().batchesTracked()).isEqualTo(number);
      String run = manifest.provenance().runId();
      assertThat(entries(id))
          .containsExactlyInAnyOrder(
              "manifest.json", "stats-" + run + ".json", "moments-" + run + ".bin");
    }
  }

  @Test
  void writersOfOneRunPublishItOnce() throws Exception {
    int writers = 8;
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    List<Publication> publications = new ArrayList<>();
    try {
      CyclicBarrier start = new CyclicBarrier(writers);
      List<Future<Publication>> futures = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        String attempt = "attempt-" + writer;
        futures.add(
            pool.submit(
                () -> {
                  start.await();
                  return store.publish("embeddings", cumulative(attempt, "a", 1, 1, 3, 3));
                }));
      }

      for (Future<Publication> future : futures) {
        publications.add(future.get());
      }
    } finally {
      pool.shutdownNow();
    }

    assertThat(publications).filteredOn(publication -> !publication.repeated()).hasSize(1);
    assertThat(store.versions("embeddings")).containsExactly(new ModelId("embeddings", 1));
  }

  @Test
  void versionWithoutManifestDoesNotExistAndItsNumberIsTaken() throws IOException {
    Path attempt = folder.resolve("store/embeddings/v=1");
    Files.createDirectories(attempt);
    Files.writeString(attempt.resolve("stats-killed.json"), "{\"coun");

    assertThat(store.names()).isEmpty();
    assertThat(store.latest("embeddings")).isEmpty();

    Publication publication = store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3));

    assertThat(publication.id()).isEqualTo(new ModelId("embeddings", 1));
  }

  @Test
  void versionsCountAsNumbersAndOtherFoldersDoNot() throws IOException {
    for (int run = 1; run <= 10; run++) {
      store.publish("embeddings", cumulative("run-" + run, "identity-" + run, 1, 1, 3, 3));
    }

    for (String stray : List.of("v=03", "v=0", "v=x", "v=12345678901", "tmp")) {
      Path path = folder.resolve("store/embeddings").resolve(stray);
      Files.createDirectories(path);
      Files.writeString(path.resolve("manifest.json"), "{}");
    }

    assertThat(store.versions("embeddings"))
        .extracting(ModelId::version)
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    assertThat(store.latest("embeddings")).contains(new ModelId("embeddings", 10));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "a/b", "a b", "a.b", "v=1", "é"})
  void refusesNamesThatAreNoPlainFolderNames(String name) {
    assertThatThrownBy(() -> store.latest(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid model name: " + name + " (letters, digits, _ and - only)");
  }

  @Test
  void saysWhichVersionsThereAre() throws IOException {
    store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3));

    assertThatThrownBy(() -> store.load(new ModelId("embeddings", 9)))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessage(
            "Cannot load model embeddings v=9: there is no such version in file:%s (versions run"
                    .formatted(folder.resolve("store"))
                + " from 1 to 1)");
    assertThatThrownBy(() -> store.load(new ModelId("embedings", 1)))
        .hasMessageEndingWith("(there are none of that model; models are: [embeddings])");
  }

  @Test
  void refusesTruncatedAlteredMissingAndForeignPayloads() throws IOException {
    ModelId id = store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3)).id();
    Path stats = file(id, "stats-run-1.json");
    Path moments = file(id, "moments-run-1.bin");
    String good = Files.readString(stats);

    Files.writeString(stats, good.substring(0, 20));
    assertRefused(
        () -> store.load(id),
        "Cannot read file:%s: it has 20 bytes (expected %d)".formatted(stats, good.length()));
    assertThat(store.moments(id)).isPresent();

    Files.writeString(stats, good.replace("2.0", "3.0"));
    assertThatThrownBy(() -> store.load(id))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("Cannot read file:%s: its SHA-256 is ".formatted(stats));

    Files.delete(stats);
    assertRefused(
        () -> store.load(id),
        "Cannot read file:%s: it is missing, though the manifest names it".formatted(stats));

    Files.write(moments, new byte[(int) Files.size(moments)]);
    assertThatThrownBy(() -> store.moments(id))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("Cannot read file:%s: its SHA-256 is ".formatted(moments));
  }

  @Test
  void refusesManifestsThatAreNot() throws IOException {
    ModelId id = store.publish("embeddings", cumulative("run-1", "a", 1, 1, 3, 3)).id();
    Path manifest = file(id, "manifest.json");
    String good = Files.readString(manifest);

    assertManifestRefused(
        id,
        good.replace("\"format_version\" : 1", "\"format_version\" : 3"),
        "its format version is 3 (expected 1 or 2)");
    assertManifestRefused(
        id, good.replace("\"version\" : 1", "\"version\" : 2"), "it belongs to embeddings v=2");
    assertManifestRefused(
        id,
        good.replace("\"element_type\" : \"float\"", "\"element_type\" : \"text\""),
        "the field element_type is \"text\" (expected one of [byte, short, int, long, float,"
            + " double])");
    assertManifestRefused(id, good.replace("\"shape\"", "\"form\""), "the field shape is missing");
    assertManifestRefused(
        id,
        good.replace("stats-run-1.json", "../stats.json"),
        "Invalid payload: ../stats.json (must be a file named stats-<run>.json, moments-<run>.bin,"
            + " partitions-<run>.bin, group-stats-<run>.bin or group-moments-<run>.bin)");
    Files.writeString(manifest, good.substring(0, good.length() / 2));
    assertThatThrownBy(() -> store.load(id))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("Cannot read file:" + manifest + ": line ");
  }

  private void assertManifestRefused(ModelId id, String text, String why) throws IOException {
    Path manifest = file(id, "manifest.json");
    Files.writeString(manifest, text, UTF_8);
    assertRefused(() -> store.load(id), "Cannot read file:" + manifest + ": " + why);
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.DATA))
        .hasMessage(message);
  }

  private static Draft cumulative(String runId, String identity, double... values) {
    NormSpec spec = tracking(BatchNorm.DEFAULT, Momentum.CUMULATIVE, Variance.BIASED);
    return new Draft(spec, VECTOR, Optional.of(moments(values)), provenance(runId, identity));
  }

  private static NormSpec tracking(Norm norm, Momentum momentum, Variance variance) {
    return new NormSpec(norm, Optional.of(new NormSpec.Tracking(momentum, variance)));
  }

  /** Of two channels, the values of both in turn. */
  private static Moments moments(double... values) {
    Moments moments = new Moments(2);
    for (int i = 0; i < values.length; i++) {
      moments.add(i % 2, values[i]);
    }

    return moments;
  }

  private static Provenance provenance(String runId, String identity) {
    return new Provenance(
        runId,
        identity,
        Instant.parse("2026-01-02T03:04:05.006Z"),
        "0.1.0",
        INPUT,
        new RecordCounts(100, 2, Map.of("null-array", 2L, "nan", 0L)));
  }

  private Path file(ModelId id, String name) {
    return folder.resolve("store/%s/v=%d/%s".formatted(id.name(), id.version(), name));
  }

  private List<String> entries(ModelId id) throws IOException {
    try (Stream<Path> files = Files.list(file(id, ""))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
