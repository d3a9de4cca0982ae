package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both implementations of the loops, at lengths off the width of a vector. */
class TestLoops {
  private static final double[] SPECIAL = {
    0, -0.0, 1e-40, -1e-40, 1e30, -1e30, 104, -104, 710, -710, 1e38, -1e38
  };
  private static final double[] NON_FINITE = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  static Stream<TensorView> views() {
    return Stream.concat(viewsOfAnyLength(), viewsAtTheBounds());
  }

  /** Where loops change their way: lengths of runs and rows, and numbers of rows. */
  private static Stream<TensorView> viewsAtTheBounds() {
    return Stream.of(
        new TensorView(1, 9, 63),
        new TensorView(1, 9, 64),
        new TensorView(1, 1, 70),
        new TensorView(1, 4, 65),
        new TensorView(1, 6, 65),
        new TensorView(1, 8, 100),
        new TensorView(1, 10, 65),
        new TensorView(2, 7, 100),
        new TensorView(1, 2, 70),
        new TensorView(1, 3, 511),
        new TensorView(1, 3, 512),
        new TensorView(1, 3, 513),
        new TensorView(9, 128, 1),
        new TensorView(9, 129, 1),
        new TensorView(3, 5, 1),
        new TensorView(4, 5, 1),
        new TensorView(4, 67, 1),
        new TensorView(7, 16, 1),
        new TensorView(23, 19, 1),
        new TensorView(2, 511, 1),
        new TensorView(2, 512, 1),
        new TensorView(2, 513, 1));
  }

  private static Stream<TensorView> viewsOfAnyLength() {
    return IntStream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33)
        .boxed()
        .flatMap(
            n ->
                Stream.of(
                    new TensorView(1, 3, n),
                    new TensorView(5, n, 1),
                    new TensorView(4, 3, n),
                    new TensorView(2, n, 8),
                    new TensorView(1, 2, 1000 + n),
                    new TensorView(1, 67, n),
                    new TensorView(1, 9, 1000 + n),
                    new TensorView(3, 7, 64 + n),
                    new TensorView(2, 1000 + n, 1),
                    new TensorView(150, n, 1)));
  }

  @Test
  void vectorsAreChosenWhereTheModuleIs() {
    assertThat(LoopsProvider.best().equals(LoopsProvider.SCALAR))
        .isEqualTo(!VectorInstructions.hasModule());
  }

  @ParameterizedTest
  @MethodSource("views")
  @EnabledIf("io.sparknorm.kernels.VectorInstructions#hasModule")
  void vectorsGiveTheBitsOfPlainLoops(TensorView view) {
    for (long seed = 0; seed < 4; seed++) {
      double[] doubles = values(view.length(), new Random(seed), seed >= 2);
      LoopsProvider plain = LoopsProvider.SCALAR;
      LoopsProvider vector = LoopsProvider.vector();
      compare(
          new Both<>(plain.doubles(), plain.doubles()),
          new Both<>(vector.doubles(), vector.doubles()),
          doubles,
          view);
      compare(
          new Both<>(plain.floats(), plain.doubles()),
          new Both<>(vector.floats(), vector.doubles()),
          narrowed(doubles),
          view);
    }
  }

  @ParameterizedTest
  @MethodSource("views")
  @EnabledIf("io.sparknorm.kernels.VectorInstructions#hasModule")
  void vectorsGiveTheBitsOfPlainLoopsForAnySlope(TensorView view) {
    double[] slopes = {
      Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e300, -1e300, 1e-310, 0, -0.0
    };
    int n = view.channels();
    double[] slope = coefficients(n, 1);
    for (int c = 0; c < n; c += 3) {
      slope[c] = slopes[c / 3 % slopes.length];
    }

    GatedScale map = new GatedScale(slope, coefficients(n, 2), coefficients(n, 3));
    double[] doubles = values(view.length(), new Random(5), true);
    LoopsProvider plain = LoopsProvider.SCALAR;
    LoopsProvider vector = LoopsProvider.vector();
    assertThat(mapped(vector.doubles(), doubles, view, map))
        .isEqualTo(mapped(plain.doubles(), doubles, view, map));
    assertThat(mapped(vector.floats(), narrowed(doubles), view, map))
        .isEqualTo(mapped(plain.floats(), narrowed(doubles), view, map));
  }

  private static <A> A mapped(Loops<A> loops, A x, TensorView view, ChannelMap map) {
    A out = copy(x);
    new Tensor<>(loops, LoopsProvider.SCALAR.doubles(), x, out, false)
        .map(0, view, map, Activation.NONE);
    return out;
  }

  /** However slices are taken together, and whatever their neighbours need. */
  @ParameterizedTest
  @ValueSource(ints = {5, 8, 100, 1003})
  void eachSliceHasTheBitsItHasAlone(int run) {
    for (LoopsProvider provider : List.of(LoopsProvider.SCALAR, LoopsProvider.best())) {
      for (long seed = 0; seed < 4; seed++) {
        double[] values = values(67 * run, new Random(seed), seed >= 2);
        values[20 * run] = 1e30; // far from the slice's mean, which has it taken once more
        checkSlices(provider.floats(), narrowed(values), run);
        checkSlices(provider.doubles(), values, run);
      }
    }
  }

  private static <A> void checkSlices(Loops<A> loops, A x, int run) {
    SliceMoments all = SliceMoments.of(loops, x, 0, new TensorView(1, 67, run));
    for (int s = 0; s < 67; s++) {
      SliceMoments alone = SliceMoments.of(loops, x, s * run, new TensorView(1, 1, run));
      double[] expected = {alone.mean[0], alone.meanLow[0], alone.squares[0]};
      double[] actual = {all.mean[s], all.meanLow[s], all.squares[s]};
      assertThat(actual).isEqualTo(expected);
    }
  }

  private static <A> void compare(Both<A> plain, Both<A> vector, A x, TensorView view) {
    assertSame(
        SliceMoments.of(plain.loops(), x, 0, view), SliceMoments.of(vector.loops(), x, 0, view));
    assertSame(
        SliceMoments.squares(plain.loops(), x, 0, view),
        SliceMoments.squares(vector.loops(), x, 0, view));
    assertSame(
        SliceMoments.ofPresent(plain.loops(), x, 0, view),
        SliceMoments.ofPresent(vector.loops(), x, 0, view));
    A missing = copy(x);
    double[] nan = new double[view.length()];
    Arrays.fill(nan, Double.NaN);
    vector.loops().narrow(nan, 0, nan.length, missing);
    SliceMoments again = SliceMoments.of(vector.loops(), missing, 0, view);
    again.take(vector.loops(), x, 0, view);
    assertSame(SliceMoments.of(plain.loops(), x, 0, view), again);
    SliceMoments squaresAgain = SliceMoments.squares(vector.loops(), missing, 0, view);
    squaresAgain.take(vector.loops(), x, 0, view);
    assertSame(SliceMoments.squares(plain.loops(), x, 0, view), squaresAgain);
    for (int map = 0; map < 3 + 2 * Activation.values().length; map++) {
      A expected = copy(x);
      A actual = copy(x);
      map(plain.tensor(x, expected), view, map);
      map(vector.tensor(x, actual), view, map);
      assertThat(actual).as("map %d of %s", map, view).isEqualTo(expected);
      A inPlace = copy(x);
      map(vector.tensor(inPlace, inPlace), view, map);
      assertThat(inPlace).as("map %d of %s in place", map, view).isEqualTo(expected);
    }
  }

  private static void map(Tensor<?> tensor, TensorView view, int map) {
    int n = view.channels();
    double[] a = coefficients(n, 1);
    double[] b = coefficients(n, 2);
    double[] c = coefficients(n, 3);
    double[] d = coefficients(n, 4);
    switch (map) {
      case 0 -> tensor.map(0, view, new GatedScale(a, b, c), Activation.NONE);
      case 1 -> tensor.map(0, view, new MaxDivision(new double[n], a, b, c, d), Activation.NONE);
      case 2 -> {
        double[] floor = new Random(6).doubles(n, 0.5, 1.5).toArray();
        tensor.map(0, view, new MaxDivision(floor, a, b, c, d), Activation.NONE);
      }
      default -> {
        Activation activation = Activation.values()[(map - 3) / 2];
        if (map % 2 == 0) {
          tensor.map(0, view, new ShiftScale(a, b, c), activation);
        } else {
          int block = view.length() / n;
          double[] weight = coefficients(block, 5);
          double[] bias = coefficients(block, 6);
          tensor.mapBlocks(0, new BlockScale(a, b, c, weight, bias), activation);
        }
      }
    }
  }

  /** The loops that one implementation takes a record through. */
  private record Both<A>(Loops<A> loops, Loops<double[]> doubles) {
    Tensor<A> tensor(A x, A out) {
      return new Tensor<>(loops, doubles, x, out, false);
    }
  }

  private static void assertSame(SliceMoments expected, SliceMoments actual) {
    assertThat(actual.count).isEqualTo(expected.count);
    assertThat(actual.mean).isEqualTo(expected.mean);
    assertThat(actual.meanLow).isEqualTo(expected.meanLow);
    assertThat(actual.squares).isEqualTo(expected.squares);
  }

  @SuppressWarnings("unchecked")
  private static <A> A copy(A x) {
    return x instanceof float[] floats ? (A) floats.clone() : (A) ((double[]) x).clone();
  }

  private static float[] narrowed(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }

    return floats;
  }

  private static double[] coefficients(int n, long seed) {
    return new Random(seed).doubles(n, -1.5, 1.5).toArray();
  }

  private static double[] values(int n, Random random, boolean nonFinite) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] =
          random.nextInt(4) == 0
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : random.nextGaussian() * 20;
    }

    if (nonFinite) {
      values[random.nextInt(n)] = NON_FINITE[random.nextInt(NON_FINITE.length)];
    }

    return values;
  }
}
