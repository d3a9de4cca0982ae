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
 * stretch of elements goes through four loops in turn: the exponents, their fractions, the powers
 * of these, and the division. All in one would be more steps than the processor looks ahead at.
 */
final class VectorGates {
  /** The elements of a stretch: they stay in the nearest cache. */
  private static final int CHUNK = 512;

  /** Of no whole pages: loads from one would wait for stores at the same place in another. */
  private static final int LENGTH = CHUNK + 40;

  /** Exponents, their fractions, and powers. */
  private static final ThreadLocal<double[][]> BUFFERS =
      ThreadLocal.withInitial(() -> new double[3][LENGTH]);

  private static final DoubleVector HIGHEST = DoubleVector.broadcast(DOUBLES, Sigmoid.COARSE_LIMIT);
  private static final DoubleVector LOWEST = DoubleVector.broadcast(DOUBLES, -Sigmoid.COARSE_LIMIT);

  private VectorGates() {}

  static void mapRuns(
      float[] x, int from, int runs, int length, GatedScale map, int c, float[] out) {
    double[][] buffers = BUFFERS.get();
    int rest = length % WIDTH;
    int vectors = runs * (length / WIDTH);
    for (int first = 0; first < vectors; first += CHUNK / WIDTH) {
      int last = Math.min(first + CHUNK / WIDTH, vectors);
      exponentsOfRuns(x, from, length, map.slope(), c, first, last, buffers[0]);
      raise(buffers, (last - first) * WIDTH);
      gateRuns(x, from, length, map, c, first, last, buffers[2], out);
    }

    if (rest > 0) {
      for (int run = 0, end = from + length; run < runs; run++, end += length) {
        ScalarFloats.mapRestOfRun(x, end - rest, end, map, c + run, out);
      }
    }
  }

  /** One loop over all runs: to enter it takes as long as it takes several vectors. */
  private static void exponentsOfRuns(
      float[] x, int from, int length, double[] slope, int c, int first, int last, double[] z) {
    int perRun = length / WIDTH;
    int rest = length % WIDTH;
    int run = first / perRun;
    int i = from + run * length + first % perRun * WIDTH;
    for (int k = c + run, at = 0, v = first, end = (run + 1) * perRun; v < last; at += WIDTH) {
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0);
      value.mul(DoubleVector.broadcast(DOUBLES, slope[k]).mul(Lanes.MINUS_LOG2_E)).intoArray(z, at);
      i += WIDTH;
      v++;
      if (v == end) {
        k++;
        i += rest;
        end += perRun;
      }
    }
  }

  private static void gateRuns(
      float[] x,
      int from,
      int length,
      GatedScale map,
      int c,
      int first,
      int last,
      double[] powers,
      float[] out) {
    double[] scale = map.scale();
    double[] offset = map.offset();
    int perRun = length / WIDTH;
    int rest = length % WIDTH;
    int run = first / perRun;
    int i = from + run * length + first % perRun * WIDTH;
    for (int k = c + run, at = 0, v = first, end = (run + 1) * perRun; v < last; at += WIDTH) {
      DoubleVector value =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0);
      DoubleVector gated = value.div(DoubleVector.fromArray(DOUBLES, powers, at).add(Lanes.ONE));
      DoubleVector y =
          gated
              .mul(DoubleVector.broadcast(DOUBLES, scale[k]))
              .add(DoubleVector.broadcast(DOUBLES, offset[k]));
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, i);
      i += WIDTH;
      v++;
      if (v == end) {
        k++;
        i += rest;
        end += perRun;
      }
    }
  }

  static void mapRows(float[] x, int from, int to, GatedScale map, float[] out) {
    double[][] buffers = BUFFERS.get();
    int n = map.slope().length;
    int whole = n - n % WIDTH;
    int step = n * Math.max(1, CHUNK / n);
    for (int row = from, end; row < to; row = end) {
      end = row + Math.min(step, to - row);
      for (int c = 0; c < whole; c += CHUNK) {
        int last = Math.min(c + CHUNK, whole);
        int length = exponentsOfRows(x, row, end, map.slope(), c, last, buffers[0]);
        raise(buffers, length);
        gateRows(x, row, end, map, c, last, buffers[2], out);
      }
    }

    if (whole < n) {
      for (int row = from; row < to; row += n) {
        ScalarFloats.mapRestOfRow(x, row, whole, map, out);
      }
    }
  }

  /** Returns how many there are, of the channels from first to last of each row. */
  private static int exponentsOfRows(
      float[] x, int from, int to, double[] slope, int first, int last, double[] z) {
    int at = 0;
    for (int row = from; row < to; row += slope.length) {
      for (int c = first; c < last; c += WIDTH, at += WIDTH) {
        DoubleVector value =
            (DoubleVector)
                FloatVector.fromArray(FLOATS, x, row + c)
                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
        value
            .mul(DoubleVector.fromArray(DOUBLES, slope, c).mul(Lanes.MINUS_LOG2_E))
            .intoArray(z, at);
      }
    }

    return at;
  }

  private static void gateRows(
      float[] x,
      int from,
      int to,
      GatedScale map,
      int first,
      int last,
      double[] powers,
      float[] out) {
    double[] scale = map.scale();
    double[] offset = map.offset();
    int at = 0;
    for (int row = from; row < to; row += scale.length) {
      for (int c = first; c < last; c += WIDTH, at += WIDTH) {
        DoubleVector value =
            (DoubleVector)
                FloatVector.fromArray(FLOATS, x, row + c)
                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
        DoubleVector gated = value.div(DoubleVector.fromArray(DOUBLES, powers, at).add(Lanes.ONE));
        DoubleVector y =
            gated
                .mul(DoubleVector.fromArray(DOUBLES, scale, c))
                .add(DoubleVector.fromArray(DOUBLES, offset, c));
        ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, row + c);
      }
    }
  }

  static void gate(double[] x, double[] t, int n, double[] y) {
    double[][] buffers = BUFFERS.get();
    int whole = n - n % WIDTH;
    for (int from = 0; from < whole; from += CHUNK) {
      int length = Math.min(CHUNK, whole - from);
      for (int i = 0; i < length; i += WIDTH) {
        DoubleVector.fromArray(DOUBLES, t, from + i)
            .mul(Lanes.MINUS_LOG2_E)
            .intoArray(buffers[0], i);
      }

      raise(buffers, length);
      for (int i = 0; i < length; i += WIDTH) {
        DoubleVector divisor = DoubleVector.fromArray(DOUBLES, buffers[2], i).add(Lanes.ONE);
        DoubleVector.fromArray(DOUBLES, x, from + i).div(divisor).intoArray(y, from + i);
      }
    }

    for (int i = whole; i < n; i++) {
      y[i] = x[i] / Sigmoid.coarseDivisor(t[i] * -Sigmoid.LOG2_E);
    }
  }

  /**
   * Sets n powers, whole vectors, to 2 to the power of the exponents, as {@link
   * Sigmoid#coarseDivisor} does.
   */
  private static void raise(double[][] buffers, int n) {
    double[] z = buffers[0];
    if (!areInRange(z, n, buffers[1], buffers[2])) {
      for (int i = 0; i < n; i += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, z, i);
        value
            .blend(HIGHEST, value.compare(VectorOperators.GT, HIGHEST))
            .blend(LOWEST, value.compare(VectorOperators.LT, LOWEST))
            .intoArray(z, i);
      }

      areInRange(z, n, buffers[1], buffers[2]);
    }

    multiplyByFractionalPowers(buffers[1], n, buffers[2]);
  }

  /**
   * Splits exponents into fractions and powers of integers, and returns whether all were in range,
   * which costs less than to hold each of them to it.
   */
  private static boolean areInRange(double[] z, int n, double[] fractions, double[] powers) {
    LongVector outside = LongVector.zero(Lanes.LONGS);
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector value = DoubleVector.fromArray(DOUBLES, z, i);
      DoubleVector shifted = value.add(Lanes.BIASED_ROUNDER);
      value.sub(shifted.sub(Lanes.BIASED_ROUNDER)).intoArray(fractions, i);
      LongVector bits = shifted.reinterpretAsLongs();
      outside = bits.sub(Lanes.LOWEST_BIASED).or(outside);
      LongVector exponent = bits.lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
      exponent.reinterpretAsDoubles().intoArray(powers, i);
    }

    long bits = LongVector.zero(Lanes.LONGS).or(outside).reduceLanes(VectorOperators.OR);
    return (bits & -Sigmoid.EXPONENTS) == 0;
  }

  private static void multiplyByFractionalPowers(double[] fractions, int n, double[] powers) {
    for (int i = 0; i < n; i += WIDTH) {
      DoubleVector f = DoubleVector.fromArray(DOUBLES, fractions, i);
      DoubleVector f2 = f.mul(f);
      DoubleVector top = f.mul(Lanes.P7).add(Lanes.P6);
      DoubleVector upper = top.mul(f2).add(f.mul(Lanes.P5).add(Lanes.P4));
      DoubleVector middle = f.mul(Lanes.P3).add(Lanes.P2);
      DoubleVector lower = middle.mul(f2).add(f.mul(Lanes.P1).add(Lanes.ONE));
      DoubleVector power = upper.mul(f2.mul(f2)).add(lower);
      power.mul(DoubleVector.fromArray(DOUBLES, powers, i)).intoArray(powers, i);
    }
  }
}
