package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.TensorView;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds records, which take the fast road where they can, to their elements one by one, which do
 * not, by the bytes of the state.
 */
class TestFront {
  /** What a channel's values look like; each is drawn by its place in the channel. */
  private enum Kind {
    OFFSET {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return 10_000 + normal(random);
      }
    },
    NORMAL {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return normal(random);
      }
    },
    /** Each channel has a scale of its own, so that tiles mix them. */
    SCALES {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return normal(random) * Math.pow(10, channel % 10 - 3);
      }
    },
    MIXED_MAGNITUDES {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return normal(random) * Math.pow(10, random.nextInt(-30, 31));
      }
    },
    /** Sends tiles down the slow road untried, which has to end. */
    MIXED_FOR_A_WHILE {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return (index / 900 % 2 == 0 ? MIXED_MAGNITUDES : NORMAL).draw(random, channel, index);
      }
    },
    RECTIFIED {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return Math.max(0, normal(random));
      }
    },
    ZERO_AT_FIRST {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return index < 700 ? -0.0 : normal(random);
      }
    },
    SUBNORMAL {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return normal(random) * (channel % 2 == 0 ? 1e-42 : 1e-310);
      }
    },
    EXTREMES {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        double largest = channel % 2 == 0 ? Float.MAX_VALUE : Double.MAX_VALUE;
        return random.nextBoolean() ? largest : -largest;
      }
    },
    INTEGERS {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return random.nextInt(256);
      }
    },
    /** NaN and infinities in the middle of blocks, in some channels. */
    NOT_FINITE {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return channel % 3 == 1 && random.nextInt(300) == 0
            ? List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY)
                .get(random.nextInt(3))
            : normal(random);
      }
    },
    /** Now and then a block that has to take the slow road. */
    SPIKES {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return index % 997 == 500 ? 1e-30 : index % 1009 == 800 ? 1e30 : normal(random);
      }
    },
    /** Needs a wider window all the time. */
    GROWING {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return Math.scalb(normal(random), index / 40 % 100);
      }
    },
    SHRINKING {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return Math.scalb(normal(random), -(index / 40 % 100));
      }
    },
    /** Sums of squares that come to the upper end of their window, give or take a unit. */
    FULL_WINDOW {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return index < 64 ? 1 : Math.nextAfter(Math.sqrt(random.nextInt(1, 5)), 0);
      }
    },
    /** Values around the smallest that an open window takes. */
    GRID {
      @Override
      double draw(SplittableRandom random, int channel, int index) {
        return index % 64 == 0
            ? Math.scalb(1 + random.nextInt(4) * 0x1p-23, -15 - random.nextInt(20))
            : 1 + random.nextDouble();
      }
    };

    abstract double draw(SplittableRandom random, int channel, int index);

    private static double normal(SplittableRandom random) {
      return Math.sqrt(-2 * Math.log(1 - random.nextDouble()))
          * Math.cos(2 * Math.PI * random.nextDouble());
    }
  }

  /** Vectors, channels-last and channels-first; channel counts on and off the tile. */
  private static final List<TensorView> VIEWS =
      List.of(
          new TensorView(1, 1, 1),
          new TensorView(1, 5, 1),
          new TensorView(1, 16, 1),
          new TensorView(1, 32, 1),
          new TensorView(1, 33, 1),
          new TensorView(1, 100, 1),
          new TensorView(700, 1, 1),
          new TensorView(49, 3, 1),
          new TensorView(7, 40, 1),
          new TensorView(15, 32, 1),
          new TensorView(300, 16, 1),
          new TensorView(20, 96, 1),
          new TensorView(1, 3, 7),
          new TensorView(2, 37, 9),
          new TensorView(1, 3, 64),
          new TensorView(1, 2, 1025),
          new TensorView(1, 2, 4097),
          new TensorView(1, 5, 3136),
          new TensorView(3, 4, 131));

  private static final int[] INNERS = {0, 1, 1, 3, 63, 64, 100, 1030};

  private static List<TileLoops> loops() {
    return Stream.of(ScalarTileLoops.INSTANCE, TileLoops.best()).distinct().toList();
  }

  private static Stream<Arguments> cases() {
    return loops().stream()
        .flatMap(
            loops ->
                VIEWS.stream()
                    .flatMap(
                        view ->
                            Stream.of(Kind.values()).map(kind -> Arguments.of(loops, view, kind))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void recordsGiveTheBytesOfTheirElements(TileLoops loops, TensorView view, Kind kind) {
    long seed = 31L * view.hashCode() + kind.ordinal();
    SplittableRandom random = new SplittableRandom(seed);
    Moments plain = new Moments(view.channels());
    Moments plainFloats = new Moments(view.channels());
    Moments doubles = new Moments(view.channels(), loops);
    Moments floats = new Moments(view.channels(), loops);
    Moments mergedDoubles = new Moments(view.channels(), loops);
    Moments mergedFloats = new Moments(view.channels(), loops);
    double[] x = new double[view.length()];
    float[] floatX = new float[view.length()];
    int records = Math.max(3, Math.min(2_500, 60_000 / view.length()));
    for (int r = 0; r < records; r++) {
      for (int i = 0; i < x.length; i++) {
        int c = view.channelOf(i);
        x[i] = kind.draw(random, c, r * view.channelLength() + i / view.channels());
        floatX[i] = (float) x[i];
        plain.add(c, x[i]);
        plainFloats.add(c, floatX[i]);
      }

      // The arrays are used again for the next record.
      doubles.add(x, view);
      floats.add(floatX, view);
      if (random.nextInt(200) == 0) {
        assertThat(States.of(floats))
            .as("seed %d, record %d", seed, r)
            .isEqualTo(States.of(plainFloats));
        mergedDoubles.merge(doubles);
        mergedFloats.merge(floats);
        doubles = new Moments(view.channels(), loops);
        floats = new Moments(view.channels(), loops);
        plainFloats = new Moments(view.channels()).merge(plainFloats);
        floats.merge(mergedFloats);
        mergedFloats = new Moments(view.channels(), loops);
      }
    }

    assertThat(States.of(mergedDoubles.merge(doubles)))
        .as("doubles, seed %d", seed)
        .isEqualTo(States.of(plain));
    assertThat(States.of(mergedFloats.merge(floats)))
        .as("floats, seed %d", seed)
        .isEqualTo(States.of(plainFloats));
  }

  /** Blocks, runs and single values of one channel meet in its limbs. */
  @Property(tries = 10)
  void recordsOfChangingViewsGiveTheBytesOfTheirElements(
      @ForAll @IntRange(min = 1, max = 70) int channels, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (TileLoops loops : loops()) {
      Moments plain = new Moments(channels);
      Moments moments = new Moments(channels, loops);
      for (int r = 0; r < 200; r++) {
        int inner = INNERS[random.nextInt(INNERS.length)];
        TensorView view = new TensorView(inner > 9 ? 1 : random.nextInt(8), channels, inner);
        Kind kind =
            Kind.values()[random.nextInt(8) == 0 ? random.nextInt(Kind.values().length) : 1];
        int scale = random.nextInt(6) == 0 ? random.nextInt(-1000, 1000) : 0;
        double[] x = new double[view.length()];
        float[] floatX = new float[x.length];
        boolean single = random.nextBoolean();
        for (int i = 0; i < x.length; i++) {
          x[i] = Math.scalb(kind.draw(random, view.channelOf(i), r * inner + i / channels), scale);
          floatX[i] = (float) x[i];
          plain.add(view.channelOf(i), single ? floatX[i] : x[i]);
        }

        moments = single ? moments.add(floatX, view) : moments.add(x, view);
      }

      assertThat(States.of(moments)).isEqualTo(States.of(plain));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"NOT_FINITE", "MIXED_MAGNITUDES", "MIXED_FOR_A_WHILE", "EXTREMES"},
      mode = EnumSource.Mode.EXCLUDE)
  void recordsGiveTheExactMeanAndVariances(Kind kind) {
    SplittableRandom random = new SplittableRandom(kind.ordinal());
    double[] x = new double[2_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = kind.draw(random, 1, i);
    }

    Statistics statistics = new Moments(1).add(x, new TensorView(x.length, 1, 1)).statistics();

    Oracle exact = Oracle.of(x);
    assertThat(statistics.mean().get(0)).isEqualTo(exact.mean());
    assertThat(statistics.biasedVariance().get(0)).isEqualTo(exact.biasedVariance());
  }

  @ParameterizedTest
  @MethodSource("loops")
  void windowsAreEmptiedOftenEnoughWhateverTheSigns(TileLoops loops) {
    // All of one sign, odd significands and nearly equal: every sum gets as large as it can.
    float[] floats = new float[4096];
    double[] doubles = new double[4096];
    Arrays.fill(floats, 0x1.fffffep0f);
    Arrays.fill(doubles, 0x1.fffffffffffffp0);
    for (TensorView view : List.of(new TensorView(4096, 1, 1), new TensorView(1, 1, 4096))) {
      Moments fast = new Moments(1, loops);
      Moments fastDoubles = new Moments(1, loops);
      Moments plain = new Moments(1);
      Moments plainDoubles = new Moments(1);
      for (int r = 0; r < 50; r++) {
        fast.add(floats, view);
        fastDoubles.add(doubles, view);
        for (int i = 0; i < floats.length; i++) {
          plain.add(0, floats[i]);
          plainDoubles.add(0, doubles[i]);
        }
      }

      assertThat(States.of(fast)).isEqualTo(States.of(plain));
      assertThat(States.of(fastDoubles)).isEqualTo(States.of(plainDoubles));
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void smallValuesAreExactInWindowsThatAreFull(TileLoops loops) {
    // Sums come near the greatest that a window holds, while small odd values come near the least.
    TensorView view = new TensorView(1, 32, 1);
    for (int u = -14; u >= -20; u--) {
      Moments fast = new Moments(32, loops);
      Moments plain = new Moments(32);
      for (int i = 0; i < 8192; i++) {
        float[] x = new float[32];
        for (int c = 0; c < x.length; c++) {
          boolean isSmall = i > 3000 && i % 7 == 0 && c % 3 == 0;
          x[c] = i < 128 ? 1.5f : isSmall ? Math.scalb(1 + 0x1p-23f, u) : 2.8125f;
          plain.add(c, x[c]);
        }

        fast.add(x, view);
      }

      assertThat(States.of(fast)).as("small values of 2^%d", u).isEqualTo(States.of(plain));
    }
  }

  @Test
  void sumsStayExactOverMoreValuesThanAnIntCounts() {
    int length = 1 << 20;
    int times = (1 << 11) + 1;
    float value = 0x1.fffffep-3f;
    float[] x = new float[length];
    Arrays.fill(x, value);
    Moments moments = new Moments(1);
    for (int i = 0; i < times; i++) {
      moments.add(x, new TensorView(1, 1, length));
    }

    Moments doubled = new Moments(1).add(0, value);
    for (int i = 0; i < 20; i++) {
      doubled.merge(doubled);
    }

    Moments expected = new Moments(1).merge(doubled);
    for (int i = 0; i < 11; i++) {
      doubled.merge(doubled);
    }

    assertThat(moments.count(0)).isEqualTo((1L << 31) + length);
    assertThat(States.of(moments)).isEqualTo(States.of(expected.merge(doubled)));
  }
}
