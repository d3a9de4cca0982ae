package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.models.Manifest.Payload;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups of many versions, of whose files few are open at once. */
class TestGroupArithmetic extends StoreTest {
  private static final GroupBy BY = new GroupBy(List.of("k"), List.of("int"));

  /** Seven days: a group of all, one of its own for each, and one of every other. */
  private static List<Map<Integer, double[]>> days() {
    List<Map<Integer, double[]>> days = new ArrayList<>();
    for (int day = 0; day < 7; day++) {
      double[] some = {day, 1e-9 * day, 1e17, -day};
      double[] few = {0.1, day};
      days.add(
          day % 2 == 0
              ? Map.of(0, some, 100 + day, few, 1, new double[] {day, 5})
              : Map.of(0, some, 100 + day, few));
    }

    return days;
  }

  private static Map<Integer, double[]> union(List<Map<Integer, double[]>> days) {
    Map<Integer, double[]> union = new HashMap<>();
    for (Map<Integer, double[]> day : days) {
      day.forEach((key, values) -> union.merge(key, values, TestGroupArithmetic::concatenated));
    }

    return union;
  }

  private static double[] concatenated(double[] one, double[] other) {
    double[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  private List<ModelId> fitEach(List<Map<Integer, double[]>> days) throws IOException {
    List<ModelId> ids = new ArrayList<>();
    for (Map<Integer, double[]> day : days) {
      ids.add(fitGroups("daily", day));
    }

    return ids;
  }

  /** Publishes a fit on groups of records of two channels, whose values come in turn. */
  private ModelId fitGroups(String model, Map<Integer, double[]> groups) throws IOException {
    List<GroupEntry> entries = new ArrayList<>();
    groups.forEach((key, values) -> entries.add(entry(key, values)));
    entries.sort(Comparator.comparing(entry -> Sha256.of(entry.key()), Arrays::compareUnsigned));
    Moments all = new Moments(2);
    long records = 0;
    try (GroupedState.Builder builder = new GroupedState.Builder()) {
      for (GroupEntry entry : entries) {
        builder.add(statistics(entry), moments(entry));
        all.merge(entry.moments());
        records += entry.records();
      }

      GroupedState state = builder.build(BY, 2, entries.size());
      return store.publish(model, draft(all, state, records)).id();
    }
  }

  private static GroupEntry entry(int key, double... values) {
    Moments moments = new Moments(2);
    for (int i = 0; i < values.length; i++) {
      moments.add(i % 2, values[i]);
    }

    byte[] bytes = ByteBuffer.allocate(5).put((byte) 1).putInt(key).array();
    return new GroupEntry(bytes, values.length / 2, moments);
  }

  private static byte[] statistics(GroupEntry entry) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    entry.writeStatistics(
        entry.moments().statistics(), Variance.BIASED, new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static byte[] moments(GroupEntry entry) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    entry.writeMoments(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static Draft draft(Moments all, GroupedState groups, long records) {
    return new Draft(
        BATCH_NORM,
        VECTOR,
        Optional.of(all),
        Optional.empty(),
        Optional.of(groups),
        new Provenance(
            UUID.randomUUID().toString(),
            UUID.randomUUID().toString(),
            Instant.EPOCH,
            "0",
            new InputIdentity(InputIdentity.Kind.UNKNOWN, "test", List.of(), "%064x".formatted(1)),
            new RecordCounts(records, 0, Map.of())));
  }

  private List<Manifest> manifests(ModelStore of, List<ModelId> ids) throws IOException {
    List<Manifest> manifests = new ArrayList<>();
    for (ModelId id : ids) {
      manifests.add(of.manifest(id));
    }

    return manifests;
  }

  private void assertSame(GroupedState found, ModelId expected) throws IOException {
    Manifest.Groups groups = store.manifest(expected).groups().orElseThrow();
    ByteArrayOutputStream moments = new ByteArrayOutputStream();
    found.writeMoments(moments);
    assertThat(moments.toByteArray()).isEqualTo(content(expected, groups.moments()));
    assertThat(found.statistics().file()).isEqualTo(content(expected, groups.stats()));
  }

  private byte[] content(ModelId id, Payload payload) throws IOException {
    return Files.readAllBytes(folder(id).resolve(payload.file()));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 32})
  void howManyFilesAreOpenDoesNotTell(int open) throws IOException {
    List<ModelId> ids = fitEach(days());
    ModelId whole = fitGroups("whole", union(days()));

    try (GroupedState sum = new GroupArithmetic(store, manifests(store, ids), open).merged()) {
      assertSame(sum, whole);
    }

    ids.set(6, whole);
    Collections.reverse(ids);
    try (GroupedState left =
        new GroupArithmetic(store, manifests(store, ids), open)
            .subtracted((source, why, cause) -> new IllegalStateException(why, cause))) {
      assertSame(left, fitGroups("last", days().get(6)));
    }
  }

  @Test
  void aRefusalNamesTheSourceHoweverFewFilesAreOpen() throws IOException {
    List<ModelId> ids = fitEach(days());
    ids.add(0, fitGroups("whole", union(days().subList(0, 5))));
    GroupArithmetic arithmetic = new GroupArithmetic(store, manifests(store, ids), 2);

    assertThatThrownBy(
            () ->
                arithmetic.subtracted(
                    (source, why, cause) ->
                        new IllegalStateException(ids.get(source) + ": " + why)))
        .hasMessageMatching("daily v=6: the group k = [0-9]+ is not in it");
  }

  @Test
  void fewFilesAreOpenAndNoneAfterwards() throws IOException {
    List<ModelId> ids = fitEach(days());
    ModelStore counting = counting();

    new GroupArithmetic(counting, manifests(counting, ids), 3).merged().close();
    assertThat(CountingFileSystem.mostOpen).isEqualTo(3);
    assertThat(CountingFileSystem.open).isZero();
  }

  @Test
  void noFileIsOpenAfterARefusal() throws IOException {
    List<ModelId> ids = fitEach(days());
    ModelStore counting = counting();
    List<Manifest> manifests = manifests(counting, ids);
    ids.remove(1);

    assertThatThrownBy(
            () ->
                new GroupArithmetic(counting, manifests, 3)
                    .subtracted((source, why, cause) -> new IllegalStateException(why)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(CountingFileSystem.open).isZero();

    Manifest first = manifests.get(0);
    Manifest.Groups groups = first.groups().orElseThrow();
    Manifest damaged =
        new Manifest(
            first.id(),
            first.parent(),
            first.spec(),
            first.type(),
            first.provenance(),
            first.stats(),
            first.moments(),
            first.partitions(),
            Optional.of(
                new Manifest.Groups(
                    groups.by(), groups.count() + 1, groups.stats(), groups.moments())));
    assertRefused(
        () -> counting.groupMoments(damaged),
        LeavingStatus.DATA,
        "Cannot read counting:%s: expected 4 groups, found 3 groups"
            .formatted(folder(first.id()).resolve(groups.moments().file())));
    assertThat(CountingFileSystem.open).isZero();
  }

  @Test
  void statisticsHaveToFitIntoMemory() throws IOException {
    try (GroupedState.Builder groups = new GroupedState.Builder(3 << 20)) {
      groups.add(new byte[2 << 20], new byte[0]);

      assertThatThrownBy(() -> groups.add(new byte[1 << 20], new byte[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the statistics of the groups take more than 3 MiB, which is half of the Java heap, or"
                  + " all that an array can hold (raise the driver's memory, or group by less)");
    }
  }

  private ModelStore counting() throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.counting.impl", CountingFileSystem.class.getName());
    CountingFileSystem.mostOpen = 0;
    return new ModelStore("counting:" + folder, hadoop);
  }

  /** The local file system, under another name, which counts the files that are open. */
  public static final class CountingFileSystem extends RawLocalFileSystem {
    private static int open;
    private static int mostOpen;

    @Override
    public URI getUri() {
      return URI.create("counting:///");
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
      open++;
      mostOpen = Math.max(mostOpen, open);
      return new FSDataInputStream(super.open(path, bufferSize)) {
        private boolean isClosed;

        @Override
        public void close() throws IOException {
          open -= isClosed ? 0 : 1;
          isClosed = true;
          super.close();
        }
      };
    }
  }
}
