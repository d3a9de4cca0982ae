package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.NormSpec;
import io.sparknorm.spark.models.InputIdentity.InputVersion;
import io.sparknorm.spark.models.InputIdentity.Part;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestVersionArithmetic extends StoreTest {
  private VersionArithmetic arithmetic;

  @BeforeEach
  void arithmeticOnTheStore() {
    arithmetic = new VersionArithmetic(store);
  }

  @Test
  void mergedDaysHaveTheBytesOfOneFitOnAllOfThem() throws IOException {
    double[][] days = days(30);
    List<ModelId> ids = fitEach("daily", days);
    Collections.shuffle(ids, new Random(3));

    ModelId merged = arithmetic.merge("month", ids).id();

    assertSameBytes(merged, fit("whole", CUMULATIVE, VECTOR, concatenated(days, 0, 30)));
    assertThat(store.manifest(merged).provenance().counts())
        .isEqualTo(new RecordCounts(30 * 4, 0, Map.of("nan", 0L)));
  }

  @Test
  void subtractingADayLeavesTheBytesOfAFitOnTheOthers() throws IOException {
    double[][] days = days(30);
    List<ModelId> ids = fitEach("daily", days);
    ModelId month = arithmetic.merge("month", ids).id();

    ModelId rest = arithmetic.subtract("rest", month, List.of(ids.get(0))).id();
    assertSameBytes(rest, fit("whole", CUMULATIVE, VECTOR, concatenated(days, 1, 30)));

    ModelId last = arithmetic.subtract("last", month, ids.subList(0, 29)).id();
    assertSameBytes(last, fit("alone", CUMULATIVE, VECTOR, days[29]));
  }

  @Test
  void aMergedVersionIsARunLikeAnyOtherToRunningStatistics() throws IOException {
    double[][] days = days(3);
    List<ModelId> ids = fitEach("daily", days);
    fit("window", CUMULATIVE, VECTOR, days[0]);
    fit("expected", CUMULATIVE, VECTOR, days[0]);

    ModelId merged = arithmetic.merge("window", ids).id();

    assertThat(merged).isEqualTo(new ModelId("window", 2));
    assertThat(store.manifest(merged).parent()).isEqualTo(OptionalInt.of(1));
    assertThat(store.load(merged).running().orElseThrow().batchesTracked()).isEqualTo(2);
    assertSameBytes(merged, fit("expected", CUMULATIVE, VECTOR, concatenated(days, 0, 3)));
  }

  @Test
  void provenanceNamesTheSourcesAndTheirMoments() throws IOException {
    ModelId one = fit("m", 1, 2, 3, 4);
    ModelId two = fit("m", 5, 6);

    ModelId sum = arithmetic.merge("sum", List.of(one, two)).id();
    ModelId rest = arithmetic.subtract("sum", sum, List.of(two)).id();

    InputIdentity merged = store.manifest(sum).provenance().input();
    assertThat(merged.kind()).isEqualTo(InputIdentity.Kind.VERSIONS);
    assertThat(merged.location()).isEqualTo("merge of m v=1, m v=2");
    assertThat(merged.versions())
        .containsExactly(
            new InputVersion(Part.MERGED, one, sha256(one)),
            new InputVersion(Part.MERGED, two, sha256(two)));
    InputIdentity left = store.manifest(rest).provenance().input();
    assertThat(left.location()).isEqualTo("sum v=1 without m v=2");
    assertThat(left.versions())
        .containsExactly(
            new InputVersion(Part.MERGED, sum, sha256(sum)),
            new InputVersion(Part.SUBTRACTED, two, sha256(two)));
  }

  @Test
  void theSameOperationIsPublishedOnceInWhateverOrder() throws IOException {
    ModelId one = fit("m", 1, 2, 3, 4);
    ModelId two = fit("m", 5, 6);
    ModelId sum = arithmetic.merge("sum", List.of(one, two)).id();

    assertThat(arithmetic.merge("sum", List.of(two, one))).isEqualTo(new Publication(sum, true));
    assertThat(arithmetic.merge("sum", List.of(one)).repeated()).isFalse();
    assertThat(arithmetic.merge("other", List.of(one, two)).repeated()).isFalse();
    assertThat(store.versions("sum")).hasSize(2);
  }

  @Test
  void oneOfManyAtOncePublishesAnOperation() throws Exception {
    List<ModelId> days = fitEach("daily", days(3));
    ExecutorService pool = Executors.newFixedThreadPool(6);
    try {
      List<Future<Publication>> publications = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        publications.add(pool.submit(() -> arithmetic.merge("window", days)));
      }

      int first = 0;
      for (Future<Publication> publication : publications) {
        assertThat(publication.get().id()).isEqualTo(new ModelId("window", 1));
        first += publication.get().repeated() ? 0 : 1;
      }

      assertThat(first).isEqualTo(1);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void whatWasNeverAPartIsRefusedAndNothingIsPublished() throws IOException {
    ModelId month = fit("month", 1, 2, 3, 4, 5, 6);
    ModelId day = fit("day", 1, 2, 5, 9);
    ModelId longer = fit("longer", 1, 2, 3, 4, 5, 6, 7, 8);

    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(day)),
        LeavingStatus.DATA,
        "Cannot subtract day v=1 from month v=1: channel 1 would be left with a negative sum of"
            + " squares, so it was never a part of it; nothing was published");
    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(longer)),
        LeavingStatus.DATA,
        "Cannot subtract longer v=1 from month v=1: channel 0 would be left with -1 values, so it"
            + " was never a part of it; nothing was published");
    assertThat(folder.resolve("rest")).doesNotExist();
  }

  @Test
  void channelsAreCalledByTheirColumns() throws IOException {
    RecordType columns =
        new RecordType(TensorShape.vector(2), ElementType.DOUBLE, List.of("age", "income"));
    ModelId month = fit("month", BATCH_NORM, columns, 1, 2, 3, 4);
    ModelId day = fit("day", BATCH_NORM, columns, 1, 9);

    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(day)),
        LeavingStatus.DATA,
        "Cannot subtract day v=1 from month v=1: channel income would be left with a negative sum"
            + " of squares, so it was never a part of it; nothing was published");
  }

  @Test
  void somethingHasToBeLeft() throws IOException {
    ModelId month = fit("month", 1, 2, 3, 4);
    ModelId copy = fit("day", 3, 4, 1, 2);

    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(copy)),
        LeavingStatus.DATA,
        "Cannot subtract day v=1 from month v=1: no record is left; nothing was published");
  }

  @Test
  void recordsThatAreLeftHaveToHaveAValue() throws IOException {
    ModelId month = fit("month", new RecordCounts(5, 0, Map.of("null-array", 3L)), 1, 2, 3, 4);
    ModelId day = fit("day", 3, 4, 1, 2);

    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(day)),
        LeavingStatus.DATA,
        "Cannot subtract day v=1 from month v=1: none of 3 records that are left has a value;"
            + " nothing was published");
    assertThat(folder.resolve("rest")).doesNotExist();
  }

  @Test
  void leftIsANaNToo() throws IOException {
    ModelId month = fit("month", 1, 2, Double.NaN, Double.NEGATIVE_INFINITY);
    ModelId day = fit("day", 1, 2);

    ModelId rest = arithmetic.subtract("rest", month, List.of(day)).id();

    assertSameBytes(rest, fit("alone", Double.NaN, Double.NEGATIVE_INFINITY));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | 0 | 0 | -1 records would be left",
        "1 | 2 | 0 | -1 dropped records would be left",
        "1 | 1 | 4 | -1 faults of kind nan would be left",
      })
  void countsThatDoNotFitAreNamed(long records, long dropped, long nan, String why)
      throws IOException {
    ModelId month = fit("month", new RecordCounts(1, 1, Map.of("nan", 3L)), 1, 2, 3, 4);
    ModelId day = fit("day", new RecordCounts(records, dropped, Map.of("nan", nan)), 1, 2);

    assertRefused(
        () -> arithmetic.subtract("rest", month, List.of(day)),
        LeavingStatus.DATA,
        "Cannot subtract day v=1 from month v=1: %s, so it was never a part of it; nothing was"
                .formatted(why)
            + " published");
  }

  @Test
  void differentRecordsOrNormsAreRefused() throws IOException {
    ModelId one = fit("m", 1, 2);
    ModelId floats =
        fit("m", BATCH_NORM, RecordType.tensor(TensorShape.vector(2), ElementType.FLOAT), 1, 2);
    ModelId columns =
        fit(
            "m",
            BATCH_NORM,
            new RecordType(TensorShape.vector(2), ElementType.DOUBLE, List.of("a", "b")),
            1,
            2);
    NormSpec spec =
        new NormSpec(
            new BatchNorm(
                Denominator.insideSqrt(1e-3),
                new Affine(Coefficients.NONE, Coefficients.NONE),
                Activation.NONE),
            Optional.empty());
    ModelId other = fit("m", spec, VECTOR, 1, 2);

    assertRefused(
        () -> arithmetic.merge("sum", List.of(one, floats)),
        LeavingStatus.DATA,
        "Cannot merge m v=1 and m v=2: their records are not the same\n  m v=1: [2] double\n"
            + "  m v=2: [2] float");
    assertRefused(
        () -> arithmetic.merge("sum", List.of(one, columns)),
        LeavingStatus.DATA,
        "Cannot merge m v=1 and m v=3: their records are not the same\n"
            + "  m v=1: [2] double, a tensor column\n"
            + "  m v=3: [2] double, channel 0 is column a");
    assertRefused(
        () -> arithmetic.subtract("sum", one, List.of(other)),
        LeavingStatus.DATA,
        "Cannot subtract m v=1 and m v=4: their norms are not the same\n"
            + "  m v=1: epsilon = 1.0E-5\n  m v=4: epsilon = 0.001");
  }

  @Test
  void aVersionTwiceOrWithoutMomentsOrMissingIsRefused() throws IOException {
    ModelId one = fit("m", 1, 2);
    Provenance provenance = store.manifest(one).provenance();
    ModelId layers =
        store
            .publish(
                "layers",
                new Draft(
                    new NormSpec(LayerNorm.over(2), Optional.empty()),
                    VECTOR,
                    Optional.empty(),
                    new Provenance(
                        "run", "x", Instant.EPOCH, "0", provenance.input(), provenance.counts())))
            .id();

    assertRefused(
        () -> arithmetic.merge("sum", List.of(one, one)),
        LeavingStatus.USAGE,
        "Cannot merge m v=1: it is given twice");
    assertRefused(
        () -> arithmetic.merge("sum", List.of(layers)),
        LeavingStatus.USAGE,
        "Cannot merge layers v=1: it has no moments (layer-norm needs no fit)");
    assertRefused(
        () -> arithmetic.merge("sum", List.of(one, new ModelId("m", 7))),
        LeavingStatus.USAGE,
        "Cannot load model m v=7: there is no such version in file:%s (versions run from 1 to 1)"
            .formatted(folder));
  }

  @Test
  void aVarianceBeyondADoubleIsRefused() throws IOException {
    ModelId one = fit("m", 1e300, 2, 1e300, 3);
    ModelId two = fit("m", -1e300, 2, -1e300, 3);

    assertRefused(
        () -> arithmetic.merge("sum", List.of(one, two)),
        LeavingStatus.DATA,
        "Cannot publish sum: the variance of channel 0 is beyond the range of a double (scale the"
            + " values down)");
  }

  private List<ModelId> fitEach(String model, double[][] days) throws IOException {
    List<ModelId> ids = new ArrayList<>();
    for (double[] day : days) {
      ids.add(fit(model, CUMULATIVE, VECTOR, day));
    }

    return ids;
  }

  /** Days of four records, whose values no sum of doubles would get right. */
  private static double[][] days(int days) {
    Random random = new Random(days);
    double[][] values = new double[days][8];
    for (double[] day : values) {
      for (int i = 0; i < day.length; i++) {
        day[i] = random.nextGaussian() * Math.pow(10, random.nextInt(20) - 10);
      }
    }

    return values;
  }

  private static double[] concatenated(double[][] days, int from, int to) {
    double[] values = new double[8 * (to - from)];
    for (int day = from; day < to; day++) {
      System.arraycopy(days[day], 0, values, 8 * (day - from), 8);
    }

    return values;
  }

  private void assertSameBytes(ModelId found, ModelId expected) throws IOException {
    for (String kind : List.of("moments", "stats")) {
      assertThat(payload(found, kind)).as(kind).isEqualTo(payload(expected, kind));
    }
  }

  private String sha256(ModelId id) throws IOException {
    return store.manifest(id).moments().orElseThrow().digest().sha256();
  }
}
