package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** At lengths off the width of a vector, with bytes behind them that must not count. */
class TestExtremes {
  private static final double[] HARD = {0.0, -0.0, 1e-40, -1e-40, 1e38, -1e38};

  static Stream<LoopsProvider> implementations() {
    return VectorInstructions.hasModule()
        ? Stream.of(LoopsProvider.SCALAR, LoopsProvider.vector())
        : Stream.of(LoopsProvider.SCALAR);
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void areTheEndsOfTheSortedNumbers(LoopsProvider loops) {
    Random random = new Random(7);
    for (int n = 1; n < 80; n++) {
      double[] x = values(n, random);
      float[] floats = new float[n];
      for (int i = 0; i < n; i++) {
        floats[i] = (float) x[i];
      }

      double[] sorted = x.clone();
      Arrays.sort(sorted); // by Double.compareTo, which has -0.0 before 0.0
      assertThat(ofDoubles(loops, x)).isEqualTo(new Extremes(sorted[0], sorted[n - 1]));
      Arrays.sort(floats);
      Extremes expected = new Extremes(floats[0], floats[n - 1]);
      assertThat(ofFloats(loops, shuffled(floats, random))).isEqualTo(expected);
    }
  }

  private static double[] values(int n, Random random) {
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextInt(4) == 0 ? HARD[random.nextInt(HARD.length)] : random.nextGaussian();
    }

    return x;
  }

  private static float[] shuffled(float[] x, Random random) {
    float[] shuffled = x.clone();
    for (int i = x.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      float swapped = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swapped;
    }

    return shuffled;
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void nanOfEitherSignIsAnEnd(LoopsProvider loops) {
    float negative = Float.intBitsToFloat(0xffc00001);
    for (int n = 1; n < 40; n++) {
      for (int position = 0; position < n; position++) {
        float[] x = new float[n];
        double[] wide = new double[n];
        x[position] = Float.NaN;
        wide[position] = Double.NaN;
        assertThat(ofFloats(loops, x).greatest()).isNaN();
        assertThat(ofDoubles(loops, wide).greatest()).isNaN();
        x[position] = negative;
        wide[position] = Double.longBitsToDouble(0xfff8L << 48 | 1);
        assertThat(ofFloats(loops, x).least()).isNaN();
        assertThat(ofDoubles(loops, wide).least()).isNaN();
      }
    }
  }

  private static Extremes ofFloats(LoopsProvider loops, float[] x) {
    ByteBuffer bytes = page(x.length * Float.BYTES);
    bytes.asFloatBuffer().put(x);
    return loops.floats().extremes(bytes.array(), x.length * Float.BYTES);
  }

  private static Extremes ofDoubles(LoopsProvider loops, double[] x) {
    ByteBuffer bytes = page(x.length * Double.BYTES);
    bytes.asDoubleBuffer().put(x);
    return loops.doubles().extremes(bytes.array(), x.length * Double.BYTES);
  }

  /** Room for so many bytes, and after them bytes that read as NaN. */
  private static ByteBuffer page(int length) {
    byte[] bytes = new byte[length + 64];
    Arrays.fill(bytes, (byte) -1);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
