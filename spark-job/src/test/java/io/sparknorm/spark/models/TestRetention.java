package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.ConditionalStore;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.ModelReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Aliases, and the removal of old versions, which has to respect them. */
class TestRetention extends StoreTest {
  @Test
  void anAliasStandsForAVersionUntilItIsMovedOrRemoved() throws IOException {
    fitTimes(3);
    ModelReference production = ModelReference.of("m", "production").orElseThrow();
    assertThat(store.find(production)).isEmpty();

    store.setAlias("production", id(1));
    assertThat(store.find(production)).contains(id(1));
    store.setAlias("production", id(3));
    store.setAlias("canary", id(3));
    assertThat(store.resolve(production)).isEqualTo(id(3));
    assertThat(store.aliases("m")).hasToString("{canary=m v=3, production=m v=3}");
    assertThat(store.names()).containsExactly("m");
    assertThat(store.versions("m")).hasSize(3);

    assertThat(store.removeAlias("m", "production")).contains(id(3));
    assertThat(store.removeAlias("m", "production")).isEmpty();
    assertRefused(
        () -> store.resolve(production),
        LeavingStatus.USAGE,
        "Cannot find m@production: there is no such alias (aliases are: [canary])");
  }

  @Test
  void aliasesOfWhatIsNotThereAreRefused() throws IOException {
    fitTimes(1);

    assertRefused(
        () -> store.setAlias("production", id(2)),
        LeavingStatus.USAGE,
        "Cannot load model m v=2: there is no such version in file:%s (versions run from 1 to 1)"
            .formatted(folder));
    assertThat(folder.resolve("m/aliases")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "3", "v=3", "latest", "a/b", "..", "9to5"})
  void aliasesThatCouldBeTakenForAVersionAreRefused(String alias) throws IOException {
    fitTimes(1);

    assertRefused(
        () -> store.setAlias(alias, id(1)),
        LeavingStatus.USAGE,
        "Invalid alias: %s (letters, digits, _ and -, no digit first, and not latest)"
            .formatted(alias));
  }

  @Test
  void aDamagedAliasIsNamed() throws IOException {
    fitTimes(1);
    store.setAlias("production", id(1));
    Path file = folder.resolve("m/aliases/production.json");
    ModelReference production = ModelReference.of("m", "production").orElseThrow();

    Files.writeString(file, "{\"format_version\": 2, \"version\": 1}");
    assertRefused(
        () -> store.find(production),
        LeavingStatus.DATA,
        "Cannot read file:%s: expected format_version 1 and a version".formatted(file));
    Files.writeString(file, "{\"format_version\": 1, \"version\": 0}");
    assertRefused(
        () -> store.find(production),
        LeavingStatus.DATA,
        "Cannot read file:%s: Invalid model version: 0 (must be at least 1)".formatted(file));
  }

  @Test
  void theNewestTheAliasedAndTheirParentsStay() throws IOException {
    fitTimes(10);
    store.setAlias("production", id(4));
    List<ModelId> expected = List.of(id(1), id(2), id(5), id(6), id(7));

    assertThat(store.prunable("m", 2)).isEqualTo(expected);
    assertThat(store.versions("m")).hasSize(10);
    assertThat(store.prune("m", 2)).isEqualTo(expected);

    assertThat(store.versions("m")).containsExactly(id(3), id(4), id(8), id(9), id(10));
    for (ModelId id : expected) {
      assertThat(folder(id)).doesNotExist();
    }

    assertThat(store.prune("m", 2)).isEmpty();
    assertThat(store.load(id(4)).running().orElseThrow().batchesTracked()).isEqualTo(4);
  }

  @Test
  void theRunningStatisticsOfEveryNewestVersionCanBeDerivedAgain() throws IOException {
    fitTimes(6);
    store.prune("m", 3);

    for (int version = 4; version <= 6; version++) {
      Manifest manifest = store.manifest(id(version));
      Draft draft =
          new Draft(
              manifest.spec(), manifest.type(), store.moments(id(version)), manifest.provenance());
      Model parent = store.load(id(manifest.parent().getAsInt()));
      assertThat(draft.model(Optional.of(parent))).isEqualTo(store.load(id(version)));
    }
  }

  @Test
  void numbersOfPrunedVersionsAreNotUsedAgain() throws IOException {
    fitTimes(4);
    store.prune("m", 1);

    assertThat(fitTimes(1)).containsExactly(id(5));
    assertRefused(
        () -> store.load(id(1)),
        LeavingStatus.USAGE,
        "Cannot load model m v=1: there is no such version in file:%s (versions run from 3 to 5)"
            .formatted(folder));
  }

  @Test
  void aNumberThatWasPrunedWhileAVersionWasWrittenIsGivenBack() throws IOException {
    fitTimes(2);
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.s3a.impl", PrunedMeanwhile.class, FileSystem.class);
    hadoop.setBoolean("fs.s3a.impl.disable.cache", true);
    store = new ModelStore("s3a://bucket" + folder, hadoop);

    assertThat(fitTimes(1)).containsExactly(id(4));

    assertThat(store.versions("m")).containsExactly(id(1), id(2), id(4));
    try (Stream<Path> left = Files.list(folder(id(3)))) {
      assertThat(left).isEmpty();
    }
  }

  /** Publishing version 3 takes so long that others publish, and prune, one of that number. */
  public static final class PrunedMeanwhile extends ConditionalStore {
    @Override
    public FSDataOutputStreamBuilder<FSDataOutputStream, ?> createFile(
        org.apache.hadoop.fs.Path path) {
      if (path.toString().endsWith("v=3/manifest.json")) {
        Path mark = Path.of(path.toUri().getPath()).resolve("../../pruned/v=3").normalize();
        try {
          Files.createDirectories(mark.getParent());
          Files.createFile(mark);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      return super.createFile(path);
    }
  }

  /** The manifest goes first: whatever is left of a version does not exist, and goes next time. */
  @Test
  void whatAnInterruptedPruningLeavesIsNoVersionAndIsSweptUp() throws IOException {
    fitTimes(5);
    Files.createDirectories(folder.resolve("m/pruned"));
    Files.createFile(folder.resolve("m/pruned/v=1"));
    Files.createFile(folder.resolve("m/pruned/v=2"));
    Files.delete(folder(id(2)).resolve("manifest.json"));
    Files.createDirectories(folder.resolve("m/v=6"));
    Files.writeString(folder.resolve("m/v=6/stats-running.json"), "{");

    assertThat(store.versions("m")).containsExactly(id(1), id(3), id(4), id(5));
    assertThat(store.load(id(1))).isNotNull();
    assertThat(store.prune("m", 4)).isEmpty();

    assertThat(folder(id(1))).exists();
    assertThat(folder(id(2))).doesNotExist();
    assertThat(folder.resolve("m/v=6")).as("an attempt that may be under way").exists();
    assertThat(store.prune("m", 2)).containsExactly(id(1));
  }

  @Test
  void atLeastOneVersionOfAModelThatIsThereIsKept() throws IOException {
    fitTimes(1);

    assertRefused(
        () -> store.prune("m", 0),
        LeavingStatus.USAGE,
        "Cannot prune model m: 0 is no number of versions to keep (must be at least 1)");
    assertRefused(
        () -> store.prune("n", 1),
        LeavingStatus.USAGE,
        "Cannot prune model n: the store has no version of it; models are: [m]");
  }

  /** Aliases are moved to versions that are pruned at the same time: none may lead nowhere. */
  @Test
  void anAliasNeverPointsToAVersionThatIsGone() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 20; round++) {
        String model = "m" + round;
        for (int i = 0; i < 6; i++) {
          fit(model, 1, 2, i, 4);
        }

        CyclicBarrier start = new CyclicBarrier(2);
        Callable<Void> prune =
            () -> {
              start.await();
              new ModelStore(folder.toString(), new Configuration()).prune(model, 1);
              return null;
            };
        Callable<Void> alias =
            () -> {
              start.await();
              for (int version = 4; version >= 1; version--) {
                try {
                  store.setAlias("production", new ModelId(model, version));
                } catch (JobException pruned) {
                  assertThat(pruned.status()).isEqualTo(LeavingStatus.USAGE);
                }
              }

              return null;
            };
        for (Future<Void> future : pool.invokeAll(List.of(prune, alias))) {
          future.get();
        }

        for (ModelId id : store.aliases(model).values()) {
          assertThat(store.versions(model)).as("round %d", round).contains(id);
        }
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private List<ModelId> fitTimes(int times) throws IOException {
    List<ModelId> ids = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      ids.add(fit("m", CUMULATIVE, VECTOR, i, 2, 3, 4));
    }

    return ids;
  }

  private static ModelId id(int version) {
    return new ModelId("m", version);
  }
}
