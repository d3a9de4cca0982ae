package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.ModelReference;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.InputIdentity.InputFile;
import io.sparknorm.spark.models.InputIdentity.InputVersion;
import io.sparknorm.spark.models.InputIdentity.Part;
import io.sparknorm.spark.models.PartitionStates.PartitionState;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of each format version, which {@code docs/state-format.md} describes, stay readable: a
 * store of each is kept here for good, beside what it was made of.
 */
class TestStoreFormat extends StoreTest {
  private static final Path VERSION_1 = Path.of("src/test/resources/store-v1");

  /** Of {@code group-moments} files, which are of version 2. */
  private static final Path VERSION_2 = Path.of("src/test/resources/store-v2");

  private static final Momentum MOMENTUM = new Momentum(0.25, Momentum.Convention.NEW_WEIGHT);
  private static final RecordType IMAGE =
      RecordType.tensor(
          new TensorShape(List.of(2, 4, 4), Layout.CHANNELS_FIRST), ElementType.FLOAT);
  private static final RecordType COLUMNS =
      new RecordType(TensorShape.vector(2), ElementType.INT, List.of("age", "in come"));

  private static final PartitionStates DAYS =
      new PartitionStates(
          "basis",
          List.of(
              PartitionState.of(
                  "2026-01-01",
                  "a",
                  new RecordCounts(1, 0, Map.of()),
                  Optional.of(moments(2, 1, 2))),
              PartitionState.of(
                  "2026-01-02",
                  "b",
                  new RecordCounts(2, 0, Map.of("nan", 0L)),
                  Optional.of(moments(2, 3, 4))),
              PartitionState.of(
                  "2026-01-03",
                  "c",
                  new RecordCounts(1, 1, Map.of("null-array", 1L, "nan", 0L)),
                  Optional.empty())));

  private static Moments moments(int channels, double... values) {
    Moments moments = new Moments(channels);
    for (int i = 0; i < values.length; i++) {
      moments.add(i % channels, values[i]);
    }

    return moments;
  }

  /** The group of null and the group DE, each with the moments of one record. */
  private static GroupedState twoGroups() {
    try {
      GroupedState.Builder groups = new GroupedState.Builder();
      // In the order of the digests of their keys.
      add(groups, new GroupEntry(new byte[] {0}, 1, moments(2, 1, 2)));
      add(groups, new GroupEntry(new byte[] {1, 0, 0, 0, 2, 'D', 'E'}, 1, moments(2, 3, 4)));
      return groups.build(new GroupBy(List.of("country"), List.of("string")), 2, 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(GroupedState.Builder groups, GroupEntry group) throws IOException {
    ByteArrayOutputStream statistics = new ByteArrayOutputStream();
    group.writeStatistics(
        group.moments().statistics(), Variance.BIASED, new DataOutputStream(statistics));
    ByteArrayOutputStream moments = new ByteArrayOutputStream();
    group.writeMoments(new DataOutputStream(moments));
    groups.add(statistics.toByteArray(), moments.toByteArray());
  }

  /** One fit, or what was made of several. */
  private record Fit(String model, Draft draft) {
    Fit(String model, NormSpec spec, RecordType type, InputIdentity input, double... values) {
      this(model, draft(model, spec, type, input, values));
    }

    private static Draft draft(
        String model, NormSpec spec, RecordType type, InputIdentity input, double... values) {
      int channels = Draft.momentChannels(spec, type);
      Optional<Moments> moments =
          channels == 0 ? Optional.empty() : Optional.of(moments(channels, values));
      return new Draft(
          spec,
          type,
          moments,
          model.equals("days") ? Optional.of(DAYS) : Optional.empty(),
          model.equals("groups") ? Optional.of(twoGroups()) : Optional.empty(),
          new Provenance(
              "run-%s-%d".formatted(model, values.length),
              "identity-%s-%d".formatted(model, values.length),
              Instant.parse("2026-01-02T03:04:05.006Z"),
              "0.1.0",
              input,
              new RecordCounts(values.length, 1, Map.of("null-array", 1L, "nan", 0L))));
    }
  }

  private static List<Fit> fits() {
    InputIdentity files =
        new InputIdentity(
            InputIdentity.Kind.FILES,
            "hdfs://cluster/features",
            List.of(new InputFile("hdfs://cluster/features/part-0.parquet", 123, 1700000000123L)),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    InputIdentity versions =
        InputIdentity.of(
            "m v=1 without m v=2",
            List.of(
                new InputVersion(Part.MERGED, new ModelId("m", 1), "aa"),
                new InputVersion(Part.SUBTRACTED, new ModelId("m", 2), "bb")));
    EvoNormB evoNorm =
        new EvoNormB(
            EvoNormB.Variant.B0,
            1e-3,
            new Affine(Coefficients.of(1.5, -2), Coefficients.NONE),
            Coefficients.of(0.1, 3),
            true);
    NormSpec batchNorm = tracked(BatchNorm.DEFAULT, Variance.UNBIASED);
    return List.of(
        new Fit("m", batchNorm, VECTOR, files, 1, 14.62, 1e150, 14.62, 0.1, 14.62),
        new Fit("m", batchNorm, VECTOR, files, 1.7e9, -3, 1.7e9 + 1, 5e-324),
        new Fit("columns", new NormSpec(evoNorm, Optional.empty()), COLUMNS, files, 20, 1, 30, 2),
        new Fit("days", BATCH_NORM, VECTOR, files, 1, 2, 3, 4),
        new Fit("groups", BATCH_NORM, VECTOR, files, 1, 2, 3, 4),
        new Fit(
            "images", tracked(InstanceNorm.DEFAULT, Variance.UNBIASED), IMAGE, files, 1, 2, 3, 4),
        new Fit("layers", new NormSpec(LayerNorm.over(2), Optional.empty()), VECTOR, files),
        new Fit("nan", BATCH_NORM, VECTOR, files, Double.NaN, Double.NEGATIVE_INFINITY, 1, 2),
        new Fit("versions", BATCH_NORM, VECTOR, versions, 1, 2, 3, 4));
  }

  private static NormSpec tracked(Norm norm, Variance variance) {
    return new NormSpec(norm, Optional.of(new NormSpec.Tracking(MOMENTUM, variance)));
  }

  @Test
  void storesOfTheLastVersionsAreReadAndWrittenToTheByte() throws IOException {
    for (Fit fit : fits()) {
      Path folder = fit.draft().groups().isPresent() ? VERSION_2 : VERSION_1;
      ModelStore kept = new ModelStore(folder.toString(), new Configuration());
      ModelId id = store.publish(fit.model(), fit.draft()).id();

      assertThat(kept.manifest(id)).isEqualTo(store.manifest(id));
      assertThat(kept.load(id)).isEqualTo(store.load(id));
      assertThat(kept.moments(id).isPresent()).isEqualTo(fit.draft().moments().isPresent());
      for (String payload :
          folder(id)
              .toFile()
              .list((at, name) -> name.matches("(group-)?(stats|moments|partitions)-.*"))) {
        assertSameFile(folder, id, payload);
      }

      assertThat(kept.partitions(id).map(states -> states.partitions().size()))
          .isEqualTo(fit.draft().partitions().map(states -> states.partitions().size()));
      assertThat(kept.groups(id).map(GroupStatistics::by))
          .isEqualTo(fit.draft().groups().map(groups -> groups.statistics().by()));
    }

    ModelStore kept = new ModelStore(VERSION_1.toString(), new Configuration());
    assertThat(kept.names()).isEqualTo(store.names());
    assertThat(kept.versions("m")).isEqualTo(store.versions("m"));
    assertThat(kept.find(ModelReference.of("m", "production").orElseThrow()))
        .contains(new ModelId("m", 1));
  }

  @Test
  void theStatesOfPartitionsAddUpToTheVersions() throws IOException {
    ModelStore kept = new ModelStore(VERSION_1.toString(), new Configuration());
    ModelId days = new ModelId("days", 1);
    List<PartitionState> states = kept.partitions(days).orElseThrow().partitions();

    assertThat(states).extracting(PartitionState::files).containsExactly("a", "b", "c");
    assertThat(states.get(2).moments()).isEmpty();
    Moments sum = states.get(0).moments().orElseThrow();
    sum.merge(states.get(1).moments().orElseThrow());
    assertThat(sum.statistics()).isEqualTo(kept.moments(days).orElseThrow().statistics());
  }

  private void assertSameFile(Path kept, ModelId id, String name) throws IOException {
    assertThat(folder(id).resolve(name))
        .hasSameBinaryContentAs(
            kept.resolve("%s/v=%d/%s".formatted(id.name(), id.version(), name)));
  }

  @Test
  void groupsOfVersion1AreAppliedAndNotAdded() throws IOException {
    ModelStore kept = new ModelStore(VERSION_1.toString(), new Configuration());
    ModelId id = new ModelId("groups", 1);

    assertThat(kept.groups(id).orElseThrow().count()).isEqualTo(2);
    assertThatThrownBy(() -> new VersionArithmetic(kept).merge("sum", List.of(id)))
        .isInstanceOf(JobException.class)
        .hasMessageMatching(
            "Cannot read file:.*/store-v1/groups/v=1/group-moments-run-groups-4.bin: expected format"
                + " version 2, found format version 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"days", "groups"})
  void aPayloadWithAnyByteAlteredIsRefusedByName(String model) throws IOException {
    Fit fit = fits().stream().filter(some -> some.model().equals(model)).findFirst().orElseThrow();
    ModelId id = store.publish(model, fit.draft()).id();
    Manifest manifest = store.manifest(id);
    for (Manifest.Payload payload : manifest.payloads()) {
      String name = payload.file();
      Path file = folder(id).resolve(name);
      byte[] content = Files.readAllBytes(file);
      for (int i = 0; i < content.length; i++) {
        byte[] altered = content.clone();
        altered[i] ^= 1;
        Files.write(file, altered);
        assertThatThrownBy(
                () -> {
                  store.load(id);
                  store.moments(id);
                  store.partitions(id);
                  store.groups(id);
                  new VersionArithmetic(store).merge("sum", List.of(id));
                })
            .as("byte %d of %s", i, name)
            .isInstanceOfSatisfying(
                JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.DATA))
            .hasMessageStartingWith("Cannot read file:" + file + ": its SHA-256 is ");
      }

      Files.write(file, content);
    }
  }
}
