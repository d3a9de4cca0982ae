package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.Variance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TestMoments {
  static double[][] hardValues() {
    return new double[][] {
      {1, 2, 4},
      {42},
      {0.0, -0.0},
      {Double.MIN_VALUE, -Double.MIN_VALUE, 3 * Double.MIN_VALUE},
      {Double.MIN_NORMAL, Double.MIN_VALUE, 1e-310},
      {Double.MAX_VALUE, Double.MAX_VALUE, Double.MAX_VALUE},
      {Double.MAX_VALUE, -Double.MAX_VALUE, 1},
      {Double.MAX_VALUE, Double.MIN_VALUE},
      {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE},
      {1e300, 1, -1e300, 1e-300},
      {1e154, 1e-154, -3e153},
      {1e30, 1e-30, 1, -1e30, 1e-30},
      {1_700_000_000, 1_700_000_001, 1_700_086_400},
      {14.62, 14.62, 14.62, 14.62, 14.62, 14.62, 14.62},
      {1e4 + 1e-3, 1e4 - 1e-3, 1e4},
      {-1, -0.5, -0.25, -Math.PI},
      {0x1p31, -0x1p32, 0x1p63, 0x1.fffffffffffffp64}
    };
  }

  @ParameterizedTest
  @MethodSource("hardValues")
  void meanAndVariancesAreTheExactOnesRoundedOnce(double[] values) {
    assertThat(figures(of(values))).isEqualTo(Oracle.of(values));
  }

  @Property(tries = 200)
  void anyDoublesGiveTheExactMeanAndVariances(@ForAll("doubles") List<Double> values) {
    double[] x = unboxed(values);

    assertThat(figures(of(x))).isEqualTo(Oracle.of(x));
  }

  @Property(tries = 300)
  void anyFloatsGiveTheSameBytesAsFloatsOrAsDoubles(@ForAll("floats") List<Float> values) {
    float[] floats = new float[values.size()];
    double[] doubles = new double[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
      doubles[i] = values.get(i);
    }

    TensorView view = new TensorView(1, 1, floats.length);
    assertThat(States.of(new Moments(1).add(floats, view)))
        .isEqualTo(States.of(new Moments(1).add(doubles, view)));
  }

  @Property(tries = 300)
  void orderAndSplitsDoNotMatter(@ForAll("doubles") List<Double> values, @ForAll long seed) {
    byte[] expected = States.of(of(unboxed(values)));

    Random random = new Random(seed);
    List<Double> shuffled = new ArrayList<>(values);
    Collections.shuffle(shuffled, random);
    double[] x = unboxed(shuffled);
    int first = random.nextInt(x.length + 1);
    int second = first + random.nextInt(x.length - first + 1);
    double[] a = Arrays.copyOfRange(x, 0, first);
    double[] b = Arrays.copyOfRange(x, first, second);
    double[] c = Arrays.copyOfRange(x, second, x.length);

    assertThat(States.of(of(a).merge(of(b)).merge(of(c)))).isEqualTo(expected);
    assertThat(States.of(of(a).merge(of(b).merge(of(c))))).isEqualTo(expected);
    assertThat(States.of(of(c).merge(of(b)).merge(of(a)))).isEqualTo(expected);
  }

  @Property(tries = 300)
  void addingOppositesLeavesNoTraceInTheSum(@ForAll("doubles") List<Double> values) {
    Moments moments = of(unboxed(values));
    for (double value : values) {
      moments.add(0, -value);
    }

    assertThat(moments.statistics().mean().get(0)).isZero();
  }

  @Property(tries = 300)
  void timesGiveTheBytesOfAsManyCopies(
      @ForAll("doubles") List<Double> values, @ForAll @LongRange(min = 0, max = 40) long times) {
    double[] x = unboxed(values);
    TensorView view = new TensorView(1, 1, x.length);
    Moments copies = new Moments(1);
    for (int i = 0; i < times; i++) {
      copies.add(x, view);
    }

    Moments single = new Moments(1);
    for (double value : x) {
      single.add(0, value, times);
    }

    assertThat(States.of(new Moments(1).add(x, view, times))).isEqualTo(States.of(copies));
    assertThat(States.of(single)).isEqualTo(States.of(copies));
  }

  @Property(tries = 300)
  void anyNumberOfTimesGivesTheBytesOfAsManyCopies(
      @ForAll("doubles") List<Double> values,
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long times) {
    double value = values.get(0);
    Moments copies = new Moments(1);
    Moments power = of(value);
    for (int bit = 0; times >>> bit != 0; bit++) {
      if ((times >>> bit & 1) == 1) {
        copies.merge(power);
      }

      if (times >>> bit > 1) {
        power.merge(power);
      }
    }

    assertThat(States.of(new Moments(1).add(0, value, times))).isEqualTo(States.of(copies));
  }

  @Test
  void floatsAreAddedSeveralTimesAsTheyAreOnce() {
    float[] x = {1.5f, -2, Float.MIN_VALUE, 3e38f, Float.NaN, Float.NEGATIVE_INFINITY};
    TensorView view = new TensorView(3, 2, 1);
    Moments copies = new Moments(2);
    for (int i = 0; i < 1000; i++) {
      copies.add(x, view);
    }

    assertThat(States.of(new Moments(2).add(x, view, 1000))).isEqualTo(States.of(copies));
  }

  @Test
  void moreTimesThanALongCountsAreRefused() {
    Moments moments = new Moments(1).add(0, 1, Long.MAX_VALUE);

    assertThatThrownBy(() -> moments.add(0, 1, 1)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> moments.add(0, 1, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number of times: -1 (must not be negative)");
  }

  @Test
  void oneValueMoreThanALongCountsIsRefusedAndLeavesNoTrace() {
    Moments moments = new Moments(1).add(0, 1, Long.MAX_VALUE);
    byte[] before = States.of(moments);
    Moments sparing = Moments.sparing(1).add(0, 1, Long.MAX_VALUE);

    assertThatThrownBy(() -> moments.add(0, 2)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> sparing.add(new float[] {2}, new TensorView(1, 1, 1)))
        .isInstanceOf(ArithmeticException.class);
    assertThat(States.of(moments)).isEqualTo(before);
    assertThat(States.of(sparing)).isEqualTo(before);
  }

  @Test
  void mergingNothingChangesNothing() {
    byte[] expected = States.of(of(1, Double.NaN, 1e300));

    assertThat(States.of(of(1, Double.NaN, 1e300).merge(new Moments(1)))).isEqualTo(expected);
    assertThat(States.of(new Moments(1).merge(of(1, Double.NaN, 1e300)))).isEqualTo(expected);
  }

  @Test
  void mergingLeavesTheOtherAsItWas() {
    Moments other = of(1, 2);

    of(3).merge(other).add(0, 4);

    assertThat(States.of(other)).isEqualTo(States.of(of(1, 2)));
  }

  @Property(tries = 300)
  void subtractingLeavesTheBytesOfTheRest(
      @ForAll("doubles") List<Double> kept, @ForAll("doubles") List<Double> taken) {
    List<Double> all = new ArrayList<>(kept);
    all.addAll(taken);
    Moments less = of(unboxed(taken));

    assertThat(States.of(of(unboxed(all)).subtract(less))).isEqualTo(States.of(of(unboxed(kept))));
    assertThat(States.of(less)).isEqualTo(States.of(of(unboxed(taken))));
  }

  @Property(tries = 100)
  void subtractingEverythingLeavesNothing(@ForAll("doubles") List<Double> values) {
    assertThat(States.of(of(unboxed(values)).subtract(of(unboxed(values)))))
        .isEqualTo(States.of(new Moments(1)));
  }

  /** Also through the fast road, where values wait before they are added. */
  @Test
  void whatComesAfterASubtractionIsAddedToWhatIsLeft() {
    Random random = new Random(5);
    float[][] records = new float[300][3];
    for (float[] record : records) {
      for (int i = 0; i < record.length; i++) {
        record[i] = (float) (1e4 * random.nextGaussian());
      }
    }

    Moments rolled = of(records, 0, 100).merge(of(records, 100, 200)).subtract(of(records, 0, 100));
    for (int r = 200; r < 300; r++) {
      rolled.add(records[r], new TensorView(1, 3, 1));
    }

    assertThat(States.of(rolled)).isEqualTo(States.of(of(records, 100, 300)));
  }

  @Test
  void nonFiniteValuesAreSubtractedByTheirCounts() {
    double nan = Double.NaN;
    double infinity = Double.POSITIVE_INFINITY;

    assertThat(States.of(of(1, nan, nan, infinity, -infinity, 5).subtract(of(nan, -infinity, 5))))
        .isEqualTo(States.of(of(1, nan, infinity)));
  }

  static Object[][] neverAdded() {
    double nan = Double.NaN;
    double infinity = Double.POSITIVE_INFINITY;
    return new Object[][] {
      {of(1, 2), of(1, 2, 2), "-1 values"},
      {of(1, nan), of(1, nan, nan, nan), "-2 NaN"},
      {of(1, infinity), of(1, infinity, infinity), "-1 infinities"},
      {of(1, -infinity, infinity), of(-infinity, -infinity), "-1 negative infinities"},
      {of(1, 2), of(3), "a negative sum of squares"},
      {of(1, 2), of(-2, -1), "no values, but a sum that is not zero"},
      {of(1, 2), of(0, 0), "no values, but a sum that is not zero"},
      {of(10, 10, 10), of(11), "a sum of squares too small for the sum"},
    };
  }

  @ParameterizedTest
  @MethodSource("neverAdded")
  void whatWasNeverAddedIsNotSubtracted(Moments from, Moments less, String left) {
    byte[] before = States.of(from);

    assertThatThrownBy(() -> from.subtract(less))
        .isInstanceOfSatisfying(
            NeverAddedException.class,
            e -> {
              assertThat(e.channel()).isZero();
              assertThat(e.left()).isEqualTo(left);
            })
        .hasMessage("Cannot subtract moments: channel 0 would be left with " + left);
    assertThat(States.of(from)).isEqualTo(before);
  }

  @Test
  void noChannelChangesWhereOneIsRefused() {
    Moments from = new Moments(2).add(0, 1).add(0, 2).add(1, 3);
    byte[] before = States.of(from);

    assertThatThrownBy(() -> from.subtract(new Moments(2).add(0, 1).add(1, 4)))
        .hasMessageStartingWith("Cannot subtract moments: channel 1 would be left with ");
    assertThat(States.of(from)).isEqualTo(before);
  }

  @Test
  void countsOfValuesUpToTheRangeOfALongStayExact() {
    Moments moments = of(Double.MAX_VALUE, -Double.MIN_VALUE);
    for (int i = 0; i < 61; i++) {
      moments.merge(moments);
    }

    assertThat(moments.count(0)).isEqualTo(1L << 62);
    assertThat(moments.statistics().mean().get(0)).isEqualTo(Double.MAX_VALUE / 2);
    assertThat(moments.statistics().variance(Variance.BIASED).get(0)).isPositive().isInfinite();
  }

  @Test
  void moreValuesThanALongCountsAreRefused() {
    Moments moments = of(1);
    for (int i = 0; i < 62; i++) {
      moments.merge(moments);
    }

    assertThatThrownBy(() -> moments.merge(moments)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void nonFiniteValuesAreCountedAndNotSummed() {
    float nan = Float.NaN;
    float infinity = Float.POSITIVE_INFINITY;
    float[] x = {1, nan, infinity, -infinity, nan, 2, infinity, nan};
    Moments floats = new Moments(1).add(x, new TensorView(1, 1, 8));

    assertThat(floats.count(0)).isEqualTo(2);
    assertThat(floats.nanCount(0)).isEqualTo(3);
    assertThat(floats.positiveInfinityCount(0)).isEqualTo(2);
    assertThat(floats.negativeInfinityCount(0)).isEqualTo(1);

    Moments doubles = new Moments(1);
    for (float value : x) {
      doubles.add(0, value);
    }

    assertThat(States.of(doubles)).isEqualTo(States.of(floats));
    assertThat(floats.merge(doubles).nanCount(0)).isEqualTo(6);
    assertThat(floats.positiveInfinityCount(0)).isEqualTo(4);
    assertThat(floats.negativeInfinityCount(0)).isEqualTo(2);
  }

  @Test
  void elementsGoToTheirChannelsInEveryView() {
    float[] floats = {1, 2, 3, 4, 5, 6};
    double[] doubles = {1, 2, 3, 4, 5, 6};

    TensorView channelsFirst = new TensorView(1, 3, 2);
    TensorView channelsLast = new TensorView(2, 3, 1);
    TensorView between = new TensorView(3, 1, 2);
    assertThat(means(new Moments(3).add(floats, channelsFirst))).containsExactly(1.5, 3.5, 5.5);
    assertThat(means(new Moments(3).add(doubles, channelsFirst))).containsExactly(1.5, 3.5, 5.5);
    assertThat(means(new Moments(3).add(floats, channelsLast))).containsExactly(2.5, 3.5, 4.5);
    assertThat(means(new Moments(3).add(doubles, channelsLast))).containsExactly(2.5, 3.5, 4.5);
    assertThat(means(new Moments(1).add(floats, between))).containsExactly(3.5);
  }

  @Property(tries = 100)
  void sparingMomentsGiveTheSameBytes(@ForAll("floats") List<Float> values, @ForAll long seed) {
    int records = 1 + (int) Math.floorMod(seed, 400L);
    Moments few = Moments.sparing(2);
    Moments many = new Moments(2);
    double[][] doubles = new double[records][];
    for (int r = 0; r < records; r++) {
      float[] x = new float[6];
      doubles[r] = new double[6];
      for (int i = 0; i < x.length; i++) {
        x[i] = values.isEmpty() ? r : values.get((r + i) % values.size());
        doubles[r][i] = Math.sqrt(Math.abs(x[i]));
      }

      TensorView view = r % 2 == 0 ? new TensorView(3, 2, 1) : new TensorView(1, 2, 3);
      few.add(x, view).add(doubles[r], view, r % 20);
      many.add(x, view).add(doubles[r], view, r % 20);
    }

    assertThat(States.of(few)).isEqualTo(States.of(many));
  }

  @Test
  void sparingMomentsTakeLittleMemoryUntilThereIsMuchToAdd() {
    Moments few = Moments.sparing(64);
    Moments many = new Moments(64);
    float[] x = new float[64];
    Arrays.fill(x, 1.5f);
    TensorView view = new TensorView(1, 64, 1);
    long before = few.bytes();

    few.add(x, view);
    many.add(x, view);

    assertThat(few.bytes())
        .isGreaterThan(before)
        .isLessThanOrEqualTo(Moments.leastBytes(64))
        .isLessThan(many.bytes() / 2);
    for (int i = 0; i < 1000; i++) {
      few.add(x, view);
    }

    assertThat(few.bytes()).isGreaterThan(Moments.leastBytesForFloats(64));
  }

  @Test
  void misfitsAreRefused() {
    assertThatThrownBy(() -> new Moments(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number of channels: 0 (must be positive)");
    assertThatThrownBy(() -> new Moments(3).merge(new Moments(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot merge moments: 2 channels (expected 3)");
    assertThatThrownBy(() -> new Moments(3).subtract(new Moments(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot subtract moments: 2 channels (expected 3)");
    assertThatThrownBy(() -> new Moments(3).add(new float[2], new TensorView(1, 2, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot add a record: 2 channels (expected 3)");
    assertThatThrownBy(() -> new Moments(3).add(new double[5], new TensorView(1, 3, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot add a record: it has 5 elements (expected 6)");
  }

  @Provide
  Arbitrary<List<Double>> doubles() {
    Arbitrary<Double> anyBits =
        Arbitraries.longs().map(Double::longBitsToDouble).filter(Double::isFinite);
    Arbitrary<Double> close = Arbitraries.doubles().between(9_999.999, 10_000.001).ofScale(10);
    Arbitrary<Double> subnormal =
        Arbitraries.longs().between(0, 1L << 52).map(Double::longBitsToDouble);
    Arbitrary<Double> extreme = Arbitraries.of(Double.MAX_VALUE, -Double.MAX_VALUE, 0.0, -0.0, 1.0);
    return Arbitraries.oneOf(
        anyBits.list().ofMinSize(1).ofMaxSize(12),
        close.list().ofMinSize(1).ofMaxSize(12),
        subnormal.list().ofMinSize(1).ofMaxSize(12),
        Arbitraries.oneOf(anyBits, close, subnormal, extreme).list().ofMinSize(1).ofMaxSize(12));
  }

  @Provide
  Arbitrary<List<Float>> floats() {
    return Arbitraries.integers().map(Float::intBitsToFloat).list().ofMaxSize(40);
  }

  private static Moments of(double... values) {
    return new Moments(1).add(values, new TensorView(1, 1, values.length));
  }

  private static Moments of(float[][] records, int from, int to) {
    Moments moments = new Moments(records[0].length);
    for (int r = from; r < to; r++) {
      moments.add(records[r], new TensorView(1, records[r].length, 1));
    }

    return moments;
  }

  private static double[] means(Moments moments) {
    return moments.statistics().mean().toArray();
  }

  private static Oracle figures(Moments moments) {
    Statistics statistics = moments.statistics();
    return new Oracle(
        statistics.mean().get(0),
        statistics.variance(Variance.BIASED).get(0),
        statistics.variance(Variance.UNBIASED).get(0));
  }

  private static double[] unboxed(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
