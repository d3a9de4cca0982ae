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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

/**
 * Files of each format version, which {@code docs/state-format.md} describes, stay readable: a
 * store of each is kept here for good, beside what it was made of.
 */
class TestStoreFormat extends StoreTest {
  private static final Path VERSION_1 = Path.of("src/test/resources/store-v1");
  private static final Momentum MOMENTUM = new Momentum(0.25, Momentum.Convention.NEW_WEIGHT);
  private static final RecordType IMAGE =
      RecordType.tensor(
          new TensorShape(List.of(2, 4, 4), Layout.CHANNELS_FIRST), ElementType.FLOAT);
  private static final RecordType COLUMNS =
      new RecordType(TensorShape.vector(2), ElementType.INT, List.of("age", "in come"));

  /** One fit, or what was made of several. */
  private record Fit(String model, Draft draft) {
    Fit(String model, NormSpec spec, RecordType type, InputIdentity input, double... values) {
      this(model, draft(model, spec, type, input, values));
    }

    private static Draft draft(
        String model, NormSpec spec, RecordType type, InputIdentity input, double... values) {
      int channels = Draft.momentChannels(spec, type);
      Optional<Moments> moments =
          channels == 0 ? Optional.empty() : Optional.of(new Moments(channels));
      for (int i = 0; i < values.length; i++) {
        moments.orElseThrow().add(i % channels, values[i]);
      }

      return new Draft(
          spec,
          type,
          moments,
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
  void aStoreOfVersion1IsReadAndWrittenToTheByte() throws IOException {
    ModelStore kept = new ModelStore(VERSION_1.toString(), new Configuration());

    for (Fit fit : fits()) {
      ModelId id = store.publish(fit.model(), fit.draft()).id();

      assertThat(kept.manifest(id)).isEqualTo(store.manifest(id));
      assertThat(kept.load(id)).isEqualTo(store.load(id));
      assertThat(kept.moments(id).isPresent()).isEqualTo(fit.draft().moments().isPresent());
      for (String payload :
          folder(id).toFile().list((at, name) -> name.matches("(stats|moments)-.*"))) {
        assertSameFile(id, payload);
      }
    }

    assertThat(kept.names()).isEqualTo(store.names());
    assertThat(kept.versions("m")).isEqualTo(store.versions("m"));
    assertThat(kept.find(ModelReference.of("m", "production").orElseThrow()))
        .contains(new ModelId("m", 1));
  }

  private void assertSameFile(ModelId id, String name) throws IOException {
    Path kept = VERSION_1.resolve("%s/v=%d/%s".formatted(id.name(), id.version(), name));
    assertThat(folder(id).resolve(name)).hasSameBinaryContentAs(kept);
  }

  @Test
  void aPayloadWithAnyByteAlteredIsRefusedByName() throws IOException {
    ModelId id = fit("m", CUMULATIVE, VECTOR, 1, 2, 3, 5);
    Manifest manifest = store.manifest(id);
    for (String name : List.of(manifest.stats().get().file(), manifest.moments().get().file())) {
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
