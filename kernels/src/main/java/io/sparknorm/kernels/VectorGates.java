package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.DOUBLES;
import static io.sparknorm.kernels.Lanes.FLOATS;
import static io.sparknorm.kernels.Lanes.WIDTH;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The gates of single precision with vectors, with the bits of {@link Sigmoid#coarseDivisor}. A
 * stretch of elements goes through three loops in turn, over elements that are neighbours: their
 * exponents, the powers, and the division. All in one would be more steps than the processor looks
 * ahead at, and a loop that turns to other channels on its way takes half as long again.
 */
final class VectorGates {
  /** The elements of a stretch: they and what belongs to them stay in the nearest cache. */
  private static final int CHUNK = 512;

  /**
   * Not a whole number of pages: a load from one buffer would wait for a store at the same place in
   * a page of another.
   */
  private static final int LENGTH = CHUNK + 40;

  /** Runs of at least as many elements are taken alone: their coefficients stay in registers. */
  private static final int LONG_RUN = 64;

  /** Fewer rows in a stretch are not worth copies of their coefficients. */
  private static final int FEWEST_ROWS = 4;

  /** Of one thread: exponents, powers, and coefficients of every element of a stretch. */
  private record Buffers(double[] exponents, double[] powers, GatedScale coefficients) {
    Buffers() {
      this(
          new double[LENGTH],
          new double[LENGTH],
          new GatedScale(new double[LENGTH], new double[LENGTH], new double[LENGTH]));
    }
  }

  private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

  private VectorGates() {}

  static void mapRuns(
      float[] x, int from, int runs, int length, GatedScale map, int c, float[] out) {
    Buffers buffers = BUFFERS.get();
    if (length < LONG_RUN) {
      mapShortRuns(buffers, x, from, runs, length, map, c, out);
      return;
    }

    for (int run = 0, start = from; run < runs; run++, start += length) {
      mapRun(buffers, x, start, length, map, c + run, out);
    }
  }

  private static void mapRun(
      Buffers buffers, float[] x, int from, int length, GatedScale map, int c, float[] out) {
    double slope = map.slope()[c] * -Sigmoid.LOG2_E;
    int whole = length - length % WIDTH;
    for (int i = 0; i < whole; ) {
      int n = Math.min(CHUNK, whole - i);
      setExponents(x, from + i, n, slope, buffers.exponents);
      raise(buffers, n);
      gate(x, from + i, n, map.scale()[c], map.offset()[c], buffers.powers, out);
      i += n;
    }

    ScalarFloats.mapRestOfRun(x, from + whole, from + length, map, c, out);
  }

  private static void setExponents(float[] x, int from, int n, double slope, double[] exponents) {
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, from + i)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      value.mul(slope).intoArray(exponents, i);
    }
  }

  private static void gate(
      float[] x, int from, int n, double scale, double offset, double[] powers, float[] out) {
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector divisor = DoubleVector.fromArray(DOUBLES, powers, i).add(Lanes.ONE);
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, from + i)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      DoubleVector y = value.div(divisor).mul(scale).add(offset);
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, from + i);
    }
  }

  private static void mapShortRuns(
      Buffers buffers,
      float[] x,
      int from,
      int runs,
      int length,
      GatedScale map,
      int c,
      float[] out) {
    int most = CHUNK / Math.max(1, length);
    for (int run = 0; run < runs; ) {
      int together = Math.min(most, runs - run);
      spread(map, c + run, together, length, buffers.coefficients);
      int start = from + run * length;
      mapStretch(buffers, x, start, together * length, buffers.coefficients, 0, out);
      run += together;
    }
  }

  /** Sets the coefficients of every element to those of its run. */
  private static void spread(GatedScale map, int c, int runs, int length, GatedScale coefficients) {
    double[] slopes = coefficients.slope();
    double[] scales = coefficients.scale();
    double[] offsets = coefficients.offset();
    for (int run = 0, i = 0; run < runs; run++) {
      double slope = map.slope()[c + run];
      double scale = map.scale()[c + run];
      double offset = map.offset()[c + run];
      for (int end = i + length; i < end; i++) {
        slopes[i] = slope;
        scales[i] = scale;
        offsets[i] = offset;
      }
    }
  }

  static void mapRows(float[] x, int from, int to, GatedScale map, float[] out) {
    Buffers buffers = BUFFERS.get();
    int n = map.slope().length;
    int together = Math.min(CHUNK, to - from) / n;
    if (together < FEWEST_ROWS) {
      for (int row = from; row < to; row += n) {
        mapRow(buffers, x, row, map, out);
      }

      return;
    }

    repeat(map.slope(), together, buffers.coefficients.slope());
    repeat(map.scale(), together, buffers.coefficients.scale());
    repeat(map.offset(), together, buffers.coefficients.offset());
    for (int row = from; row < to; ) {
      int length = Math.min(together * n, to - row);
      mapStretch(buffers, x, row, length, buffers.coefficients, 0, out);
      row += length;
    }
  }

  private static void mapRow(Buffers buffers, float[] x, int row, GatedScale map, float[] out) {
    int channels = map.slope().length;
    for (int c = 0; c < channels; ) {
      int n = Math.min(CHUNK, channels - c);
      mapStretch(buffers, x, row + c, n, map, c, out);
      c += n;
    }
  }

  private static void repeat(double[] row, int times, double[] rows) {
    System.arraycopy(row, 0, rows, 0, row.length);
    int length = row.length * times;
    for (int done = row.length; done < length; done *= 2) {
      System.arraycopy(rows, 0, rows, done, Math.min(done, length - done));
    }
  }

  /** Maps n neighbours, at most a stretch, each with coefficients of its own from c. */
  private static void mapStretch(
      Buffers buffers, float[] x, int from, int n, GatedScale map, int c, float[] out) {
    int whole = n - n % WIDTH;
    setExponents(x, from, whole, map.slope(), c, buffers.exponents);
    raise(buffers, whole);
    gate(x, from, whole, map, c, buffers.powers, out);
    ScalarFloats.mapPartOfRow(x, from - c, c + whole, c + n, map, out);
  }

  private static void setExponents(
      float[] x, int from, int n, double[] slope, int c, double[] exponents) {
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, from + i)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      DoubleVector by = DoubleVector.fromArray(DOUBLES, slope, c + i).mul(Lanes.MINUS_LOG2_E);
      value.mul(by).intoArray(exponents, i);
    }
  }

  private static void gate(
      float[] x, int from, int n, GatedScale map, int c, double[] powers, float[] out) {
    double[] scale = map.scale();
    double[] offset = map.offset();
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector divisor = DoubleVector.fromArray(DOUBLES, powers, i).add(Lanes.ONE);
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, from + i)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      DoubleVector y =
          value
              .div(divisor)
              .mul(DoubleVector.fromArray(DOUBLES, scale, c + i))
              .add(DoubleVector.fromArray(DOUBLES, offset, c + i));
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, from + i);
    }
  }

  static void gate(double[] x, double[] t, int n, double[] y) {
    Buffers buffers = BUFFERS.get();
    int whole = n - n % WIDTH;
    for (int from = 0; from < whole; ) {
      int length = Math.min(CHUNK, whole - from);
      for (int i = 0; i < length; i += WIDTH) {
        DoubleVector.fromArray(DOUBLES, t, from + i)
            .mul(Lanes.MINUS_LOG2_E)
            .intoArray(buffers.exponents, i);
      }

      raise(buffers, length);
      for (int i = 0; i < length; i += WIDTH) {
        DoubleVector divisor = DoubleVector.fromArray(DOUBLES, buffers.powers, i).add(Lanes.ONE);
        DoubleVector.fromArray(DOUBLES, x, from + i).div(divisor).intoArray(y, from + i);
      }

      from += length;
    }

    for (int i = whole; i < n; i++) {
      y[i] = x[i] / Sigmoid.coarseDivisor(t[i] * -Sigmoid.LOG2_E);
    }
  }

  /**
   * Sets n powers, whole vectors, to 2 to the power of the exponents, as {@link
   * Sigmoid#coarseDivisor} does. A stretch with some out of range is taken once more, which costs
   * less than to hold each of them to it.
   */
  private static void raise(Buffers buffers, int n) {
    if (!raiseOrLimit(buffers.exponents, n, buffers.powers)) {
      raiseOrLimit(buffers.exponents, n, buffers.powers);
    }
  }

  /**
   * Returns whether all exponents were in range; those that were not, NaN apart, are limited to it,
   * so that the powers of another call are right. With more than 325 bytecodes it is compiled by
   * itself: deep in others, its vectors would not be kept in registers (see {@link Apart}).
   */
  private static boolean raiseOrLimit(double[] exponents, int n, double[] powers) {
    LongVector outside = LongVector.zero(Lanes.LONGS);
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector exponent = DoubleVector.fromArray(DOUBLES, exponents, i);
      DoubleVector shifted = exponent.add(Lanes.BIASED_ROUNDER);
      DoubleVector f = exponent.sub(shifted.sub(Lanes.BIASED_ROUNDER));
      DoubleVector f2 = f.mul(f);
      DoubleVector top = f.mul(Lanes.P7).add(Lanes.P6);
      DoubleVector upper = top.mul(f2).add(f.mul(Lanes.P5).add(Lanes.P4));
      DoubleVector middle = f.mul(Lanes.P3).add(Lanes.P2);
      DoubleVector lower = middle.mul(f2).add(f.mul(Lanes.P1).add(Lanes.ONE));
      DoubleVector power = upper.mul(f2.mul(f2)).add(lower);
      LongVector bits = shifted.reinterpretAsLongs();
      outside = bits.sub(Lanes.LOWEST_BIASED).or(outside);
      LongVector scale = bits.lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
      power.mul(scale.reinterpretAsDoubles()).intoArray(powers, i);
    }

    long bits = LongVector.zero(Lanes.LONGS).or(outside).reduceLanes(VectorOperators.OR);
    if ((bits & -Sigmoid.EXPONENTS) == 0) {
      return true;
    }

    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector exponent = DoubleVector.fromArray(DOUBLES, exponents, i);
      exponent
          .blend(Lanes.COARSE_LIMIT, exponent.compare(VectorOperators.GT, Lanes.COARSE_LIMIT))
          .blend(
              Lanes.MINUS_COARSE_LIMIT,
              exponent.compare(VectorOperators.LT, Lanes.MINUS_COARSE_LIMIT))
          .intoArray(exponents, i);
    }

    return false;
  }
}
