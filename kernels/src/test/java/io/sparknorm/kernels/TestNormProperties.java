package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Identities between the norms, and between a norm and what it promises. */
class TestNormProperties {
  private static final double EPSILON = 1e-5;

  record Image(int channels, int pixels, double[] values) {
    TensorShape channelsFirst() {
      return new TensorShape(List.of(channels, pixels), Layout.CHANNELS_FIRST);
    }

    TensorShape channelsLast() {
      return new TensorShape(List.of(pixels, channels), Layout.CHANNELS_LAST);
    }

    /** The same image with every pixel's channels together. */
    double[] permuted() {
      double[] permuted = new double[values.length];
      for (int c = 0; c < channels; c++) {
        for (int i = 0; i < pixels; i++) {
          permuted[i * channels + c] = values[c * pixels + i];
        }
      }

      return permuted;
    }
  }

  @Provide
  Arbitrary<Image> images() {
    return Combinators.combine(
            Arbitraries.integers().between(1, 12),
            Arbitraries.integers().between(2, 70),
            Arbitraries.longs(),
            Arbitraries.of(1e-20, 1e-3, 1.0, 1e6, 1e18),
            Arbitraries.of(0.0, 1.0, 1e4))
        .as(
            (channels, pixels, seed, scale, offset) -> {
              Random random = new Random(seed);
              double[] values = new double[channels * pixels];
              for (int i = 0; i < values.length; i++) {
                values[i] = (float) (scale * (offset + random.nextGaussian()));
              }

              return new Image(channels, pixels, values);
            });
  }

  @Property
  void layerNormGivesMeanZeroAndTheVarianceThatEpsilonLeaves(@ForAll("images") Image image) {
    double[] y = apply(LayerNorm.over(image.pixels()), image.channelsFirst(), image.values());
    for (int c = 0; c < image.channels(); c++) {
      double variance = variance(image.values(), c * image.pixels(), image.pixels());
      double expected = variance == 0 ? 0 : variance / (variance + EPSILON);
      assertThat(mean(y, c * image.pixels(), image.pixels())).isCloseTo(0, within(1e-9));
      assertThat(variance(y, c * image.pixels(), image.pixels())).isCloseTo(expected, within(1e-9));
    }
  }

  @Property(tries = 50)
  void parametersThatAreWrittenOutChangeNothing(@ForAll("images") Image image) {
    double[] x = image.values();
    Coefficients statistics = Coefficients.of(Arrays.copyOf(x, image.channels()));
    Coefficients variance = Coefficients.NONE.filled(2, image.channels());
    for (DatasetNorm norm :
        List.of(
            BatchNorm.DEFAULT,
            EvoNormB.of(EvoNormB.Variant.B0),
            EvoNormB.of(EvoNormB.Variant.B1),
            EvoNormB.of(EvoNormB.Variant.B2))) {
      double[] expected = new double[x.length];
      double[] found = new double[x.length];
      TensorShape shape = image.channelsFirst();
      norm.normalizer(shape, statistics, variance).apply(x, expected);
      norm.filled(image.channels()).normalizer(shape, statistics, variance).apply(x, found);
      assertThat(found).isEqualTo(expected);
    }
  }

  @Property
  void rmsNormGivesTheMeanSquareThatEpsilonLeaves(@ForAll("images") Image image) {
    double[] y =
        apply(RmsNorm.over(EPSILON, image.pixels()), image.channelsFirst(), image.values());
    for (int c = 0; c < image.channels(); c++) {
      double square = meanSquare(image.values(), c * image.pixels(), image.pixels());
      assertThat(meanSquare(y, c * image.pixels(), image.pixels()))
          .isCloseTo(square / (square + EPSILON), within(1e-9));
    }
  }

  @Property
  void groupNormWithOneGroupIsLayerNormOverTheRecord(@ForAll("images") Image image) {
    assertThat(apply(GroupNorm.of(1), image.channelsFirst(), image.values()))
        .isEqualTo(
            apply(
                LayerNorm.over(image.channels(), image.pixels()),
                image.channelsFirst(),
                image.values()));
  }

  @Property
  void groupNormWithAsManyGroupsAsChannelsIsInstanceNorm(@ForAll("images") Image image) {
    assertThat(apply(GroupNorm.of(image.channels()), image.channelsFirst(), image.values()))
        .isEqualTo(apply(InstanceNorm.DEFAULT, image.channelsFirst(), image.values()));
  }

  @Property
  void channelsLastIsThePermutedChannelsFirst(
      @ForAll("images") Image image, @ForAll Activation activation) {
    for (RecordNorm norm : everyNormByChannel(image.channels(), activation)) {
      double[] first = apply(norm, image.channelsFirst(), image.values());
      double[] last = apply(norm, image.channelsLast(), image.permuted());
      double[] expected = new Image(image.channels(), image.pixels(), first).permuted();
      double largest = largest(first);
      for (int i = 0; i < last.length; i++) {
        assertThat(last[i])
            .as("%s at %d", norm, i)
            .isCloseTo(expected[i], within(1e-9 * Math.max(1e-300, largest)));
      }
    }
  }

  @Property
  void singlePrecisionIsDoublePrecisionRounded(@ForAll("images") Image image) {
    float[] x = new float[image.values().length];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) image.values()[i];
    }

    for (TensorShape shape : List.of(image.channelsFirst(), image.channelsLast())) {
      for (RecordNorm norm : everyNormByChannel(image.channels(), Activation.NONE)) {
        float[] single = new float[x.length];
        norm.normalizer(shape).apply(x, single);
        double[] twice = apply(norm, shape, image.values());
        double largest = largest(twice);
        for (int i = 0; i < x.length; i++) {
          double rounding = 0.5 * Math.ulp((float) twice[i]);
          assertThat((double) single[i])
              .as("%s at %d", norm, i)
              .isCloseTo(twice[i], within(rounding + 1e-10 * largest));
        }
      }
    }
  }

  @Property
  void inPlaceIsTheSame(@ForAll("images") Image image) {
    for (RecordNorm norm : everyNormByChannel(image.channels(), Activation.SILU)) {
      double[] inPlace = image.values().clone();
      norm.normalizer(image.channelsFirst()).apply(inPlace, inPlace);
      assertThat(inPlace).isEqualTo(apply(norm, image.channelsFirst(), image.values()));
    }
  }

  @Property
  void skippedElementsDoNotEnterTheirSlice(
      @ForAll("images") Image image, @ForAll @IntRange(min = 0, max = 1000) int which) {
    int skipped = which % image.pixels();
    double[] x = image.values().clone();
    List<Double> remaining = new ArrayList<>();
    for (int c = 0; c < image.channels(); c++) {
      for (int i = 0; i < image.pixels(); i++) {
        if (i == skipped) {
          x[c * image.pixels() + i] = Double.NaN;
        } else {
          remaining.add(image.values()[c * image.pixels() + i]);
        }
      }
    }

    TensorShape smaller =
        new TensorShape(List.of(image.channels(), image.pixels() - 1), Layout.CHANNELS_FIRST);
    LayerNorm whole = LayerNorm.over(image.pixels());
    double[] y = new double[x.length];
    whole.normalizer(image.channelsFirst()).applySkippingNaN(x, y);
    double[] expected =
        apply(
            LayerNorm.over(image.pixels() - 1),
            smaller,
            remaining.stream().mapToDouble(Double::doubleValue).toArray());
    int next = 0;
    for (int i = 0; i < y.length; i++) {
      if (i % image.pixels() == skipped) {
        assertThat(y[i]).isNaN();
      } else {
        assertThat(y[i]).isCloseTo(expected[next++], within(1e-9));
      }
    }
  }

  /** Large records are taken in parts, which has to show in nothing. */
  @Property(tries = 5)
  void groupsOfALargeRecordAreNormalisedAsIfAlone(
      @ForAll @IntRange(min = 5_000, max = 30_000) int pixels, @ForAll long seed) {
    Image image = new Image(10, pixels, new Random(seed).doubles(10L * pixels).toArray());
    Coefficients weight = Coefficients.of(Arrays.copyOf(image.values(), 10));
    Coefficients bias = Coefficients.of(Arrays.copyOfRange(image.values(), 10, 20));
    double[] whole = new double[image.values().length];
    double[] alone = new double[whole.length];
    for (BiFunction<Integer, Affine, RecordNorm> norm : groupwise()) {
      norm.apply(5, new Affine(weight, bias))
          .normalizer(image.channelsFirst())
          .apply(image.values(), whole);
      for (int c = 0; c < 10; c += 2) {
        Image group =
            new Image(2, pixels, Arrays.copyOfRange(image.values(), c * pixels, (c + 2) * pixels));
        Affine own = new Affine(pair(weight, c), pair(bias, c));
        double[] y = apply(norm.apply(1, own), group.channelsFirst(), group.values());
        System.arraycopy(y, 0, alone, c * pixels, y.length);
      }

      assertThat(whole).isEqualTo(alone);
    }
  }

  @Property(tries = 5)
  void blocksOfALargeRecordAreNormalisedAsIfAlone(
      @ForAll @IntRange(min = 3_000, max = 20_000) int block,
      @ForAll @IntRange(min = 20, max = 23) int blocks,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] x = new float[blocks * block];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (3 + random.nextGaussian());
    }

    Coefficients weight = Coefficients.of(random.doubles(block).toArray());
    Coefficients bias = Coefficients.of(random.doubles(block).toArray());
    for (RecordNorm norm : blockwise(block, new Affine(weight, bias))) {
      Normalizer one = norm.normalizer(new TensorShape(List.of(block), Layout.CHANNELS_FIRST));
      float[] alone = new float[x.length];
      for (int from = 0; from < x.length; from += block) {
        float[] y = Arrays.copyOfRange(x, from, from + block);
        one.apply(y, y);
        System.arraycopy(y, 0, alone, from, block);
      }

      Normalizer all =
          norm.normalizer(new TensorShape(List.of(blocks, block), Layout.CHANNELS_FIRST));
      float[] whole = new float[x.length];
      all.apply(x, whole);
      assertThat(whole).isEqualTo(alone);
      float[] inPlace = x.clone();
      all.apply(inPlace, inPlace);
      assertThat(inPlace).isEqualTo(alone);

      float[] gaps = x.clone();
      for (int i = 0; i < gaps.length; i += 1 + random.nextInt(100)) {
        gaps[i] = Float.NaN;
      }

      for (int from = 0; from < x.length; from += block) {
        float[] y = Arrays.copyOfRange(gaps, from, from + block);
        one.applySkippingNaN(y, y);
        System.arraycopy(y, 0, alone, from, block);
      }

      all.applySkippingNaN(gaps, whole);
      assertThat(whole).isEqualTo(alone);
    }
  }

  private static List<RecordNorm> blockwise(int block, Affine affine) {
    return List.of(
        new LayerNorm(List.of(block), Denominator.insideSqrt(EPSILON), affine, Activation.NONE),
        new RmsNorm(List.of(block), EPSILON, affine.weight(), Activation.NONE),
        new RmsNorm(List.of(block), EPSILON, affine.weight(), Activation.SILU));
  }

  /** Norms of so many groups, whose slopes are the weights. */
  private static List<BiFunction<Integer, Affine, RecordNorm>> groupwise() {
    return List.of(
        (groups, affine) ->
            new GroupNorm(groups, Denominator.insideSqrt(EPSILON), affine, Activation.NONE),
        (groups, affine) ->
            new GroupNorm(groups, Denominator.insideSqrt(EPSILON), affine, Activation.SILU),
        (groups, affine) ->
            new EvoNormS(EvoNormS.Variant.S0, groups, EPSILON, affine, affine.weight(), true),
        (groups, affine) ->
            new EvoNormS(EvoNormS.Variant.S2A, groups, EPSILON, affine, Coefficients.NONE, false));
  }

  private static Coefficients pair(Coefficients all, int first) {
    return Coefficients.of(new double[] {all.get(first), all.get(first + 1)});
  }

  private static List<RecordNorm> everyNormByChannel(int channels, Activation activation) {
    double[] weight = new double[channels];
    double[] bias = new double[channels];
    for (int c = 0; c < channels; c++) {
      weight[c] = 1 + c * 0.25;
      bias[c] = c * 0.5 - 1;
    }

    Affine affine = new Affine(Coefficients.of(weight), Coefficients.of(bias));
    Denominator denominator = Denominator.insideSqrt(EPSILON);
    List<RecordNorm> norms = new ArrayList<>();
    norms.add(new InstanceNorm(denominator, affine, activation));
    norms.add(new GroupNorm(channels, denominator, affine, activation));
    norms.add(new GroupNorm(1, denominator, affine, activation));
    for (EvoNormS.Variant variant : EvoNormS.Variant.values()) {
      Coefficients v = variant.hasSlope() ? Coefficients.of(weight) : Coefficients.NONE;
      norms.add(new EvoNormS(variant, 1, EPSILON, affine, v, true));
      norms.add(new EvoNormS(variant, 1, EPSILON, affine, v, false));
    }

    return norms;
  }

  private static double[] apply(RecordNorm norm, TensorShape shape, double[] x) {
    double[] y = new double[x.length];
    norm.normalizer(shape).apply(x, y);
    return y;
  }

  private static double mean(double[] x, int from, int length) {
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += x[i] / length;
    }

    return sum;
  }

  private static double variance(double[] x, int from, int length) {
    double mean = mean(x, from, length);
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += (x[i] - mean) * (x[i] - mean) / length;
    }

    return sum;
  }

  private static double meanSquare(double[] x, int from, int length) {
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += x[i] * x[i] / length;
    }

    return sum;
  }

  private static double largest(double[] x) {
    double largest = 0;
    for (double value : x) {
      largest = Math.max(largest, Math.abs(value));
    }

    return largest;
  }
}
