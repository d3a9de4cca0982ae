package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.NormSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Base of tests that publish small models of two channels in a store of their own. */
abstract class StoreTest {
  static final NormSpec BATCH_NORM = new NormSpec(BatchNorm.DEFAULT, Optional.empty());
  static final NormSpec CUMULATIVE =
      new NormSpec(
          BatchNorm.DEFAULT,
          Optional.of(new NormSpec.Tracking(Momentum.CUMULATIVE, Variance.BIASED)));
  static final RecordType VECTOR = RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE);

  @TempDir Path folder;

  ModelStore store;

  @BeforeEach
  void openStore() throws IOException {
    store = new ModelStore(folder.toString(), new Configuration());
  }

  /** Publishes a fit on records of two channels, whose values come in turn. */
  final ModelId fit(String model, NormSpec spec, RecordType type, double... values)
      throws IOException {
    RecordCounts counts = new RecordCounts(values.length / 2, 0, Map.of("nan", 0L));
    return fit(model, spec, type, counts, values);
  }

  /** As if these had been counted. */
  final ModelId fit(String model, RecordCounts counts, double... values) throws IOException {
    return fit(model, BATCH_NORM, VECTOR, counts, values);
  }

  private ModelId fit(
      String model, NormSpec spec, RecordType type, RecordCounts counts, double... values)
      throws IOException {
    Moments moments = new Moments(2);
    for (int i = 0; i < values.length; i++) {
      moments.add(i % 2, values[i]);
    }

    InputIdentity input =
        new InputIdentity(InputIdentity.Kind.UNKNOWN, "test", List.of(), "%064x".formatted(1));
    Provenance provenance =
        new Provenance(
            UUID.randomUUID().toString(),
            UUID.randomUUID().toString(),
            Instant.EPOCH,
            "0",
            input,
            counts);
    return store.publish(model, new Draft(spec, type, Optional.of(moments), provenance)).id();
  }

  final ModelId fit(String model, double... values) throws IOException {
    return fit(model, BATCH_NORM, VECTOR, values);
  }

  final byte[] payload(ModelId id, String kind) throws IOException {
    Manifest manifest = store.manifest(id);
    String file = (kind.equals("stats") ? manifest.stats() : manifest.moments()).get().file();
    return Files.readAllBytes(folder(id).resolve(file));
  }

  final Path folder(ModelId id) {
    return folder.resolve("%s/v=%d".formatted(id.name(), id.version()));
  }

  static void assertRefused(ThrowingCallable call, LeavingStatus status, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.status()).isEqualTo(status))
        .hasMessage(message);
  }
}
