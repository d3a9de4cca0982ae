package io.sparknorm.kernels;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The loops over single precision in plain Java. */
class ScalarFloats implements Loops<float[]> {
  /** One in the exponent of an element's bits. */
  static final int EXPONENT_UNIT = 1 << 23;

  private static final VarHandle BITS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  @Override
  public double get(float[] x, int i) {
    return x[i];
  }

  @Override
  public boolean anyNonFinite(float[] x) {
    return anyNonFinite(x, 0);
  }

  static boolean anyNonFinite(float[] x, int from) {
    // Without the sign, bit patterns from infinity's upwards are not finite: they, and no others,
    // reach the sign with one added to the exponent.
    int reached = 0;
    for (int i = from; i < x.length; i++) {
      reached |= (Float.floatToRawIntBits(x[i]) & Integer.MAX_VALUE) + EXPONENT_UNIT;
    }

    return reached < 0;
  }

  @Override
  public Extremes extremes(byte[] bytes, int length) {
    return extremes(bytes, 0, length, Integer.MAX_VALUE, Integer.MIN_VALUE);
  }

  /** Goes on from a position, with the least and the greatest key of what is before it. */
  static Extremes extremes(byte[] bytes, int from, int length, int least, int greatest) {
    int min = least;
    int max = greatest;
    for (int at = from; at < length; at += Float.BYTES) {
      int key = key((int) BITS.get(bytes, at));
      min = Math.min(min, key);
      max = Math.max(max, key);
    }

    return new Extremes(Float.intBitsToFloat(key(min)), Float.intBitsToFloat(key(max)));
  }

  /**
   * An integer in the order of the numbers whose bits these are, which costs a fraction of
   * comparing the numbers. The function is its own inverse.
   */
  private static int key(int bits) {
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }

  @Override
  public double lossLimit() {
    return 0x1p16;
  }

  @Override
  public void sumDeviations(
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    int whole = to - (to - from) % LANES;
    // Four lanes at a time: their sums stay in registers, which an array's elements do not.
    for (int lane = 0; lane < LANES; lane += 4) {
      sumDeviationsOfFourLanes(x, from + lane, whole, value, sums, squares, at + lane);
    }

    addRestOfDeviations(x, whole, to, value, sums, squares, at);
  }

  private static void sumDeviationsOfFourLanes(
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    double square0 = 0;
    double square1 = 0;
    double square2 = 0;
    double square3 = 0;
    for (int i = from; i < to; i += LANES) {
      double d0 = x[i] - value;
      double d1 = x[i + 1] - value;
      double d2 = x[i + 2] - value;
      double d3 = x[i + 3] - value;
      sum0 += d0;
      sum1 += d1;
      sum2 += d2;
      sum3 += d3;
      square0 += d0 * d0;
      square1 += d1 * d1;
      square2 += d2 * d2;
      square3 += d3 * d3;
    }

    sums[at] = sum0;
    sums[at + 1] = sum1;
    sums[at + 2] = sum2;
    sums[at + 3] = sum3;
    squares[at] = square0;
    squares[at + 1] = square1;
    squares[at + 2] = square2;
    squares[at + 3] = square3;
  }

  /** Adds fewer deviations than there are lanes, and their squares, to the sums from at. */
  static void addRestOfDeviations(
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    for (int i = from, lane = at; i < to; i++, lane++) {
      double deviation = x[i] - value;
      sums[lane] += deviation;
      squares[lane] += deviation * deviation;
    }
  }

  @Override
  public void addRowDeviations(
      float[] x, int from, int to, double[] values, double[] sums, double[] squares) {
    int half = Loops.halfOfRows(to - from, values.length);
    for (int row = from; row < from + half; row += values.length) {
      addDeviationsOfRow(x, row, 0, values, sums, squares);
      addDeviationsOfRow(x, row + half, 0, values, sums, squares);
    }

    for (int row = from + 2 * half; row < to; row += values.length) {
      addDeviationsOfRow(x, row, 0, values, sums, squares);
    }
  }

  static void addDeviationsOfRow(
      float[] x, int row, int from, double[] values, double[] sums, double[] squares) {
    for (int s = from; s < values.length; s++) {
      double deviation = x[row + s] - values[s];
      sums[s] += deviation;
      squares[s] += deviation * deviation;
    }
  }

  @Override
  public void addPresent(float[] x, int from, TensorView slices, int[] counts, double[] sums) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Float.isNaN(x[from + i])) {
        int s = slices.channelOf(i);
        counts[s]++;
        sums[s] += x[from + i];
      }
    }
  }

  @Override
  public void addPresentDeviations(
      float[] x, int from, TensorView slices, double[] means, double[] sums, double[] squares) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Float.isNaN(x[from + i])) {
        int s = slices.channelOf(i);
        double deviation = x[from + i] - means[s];
        sums[s] += deviation;
        squares[s] += deviation * deviation;
      }
    }
  }

  @Override
  public void mapRuns(
      float[] x, int from, int runs, int length, ShiftScale map, int c, float[] out) {
    for (int r = 0, start = from; r < runs; r++, start += length) {
      mapRestOfRun(x, start, start + length, map, c + r, out);
    }
  }

  static void mapRestOfRun(float[] x, int from, int to, ShiftScale map, int c, float[] out) {
    double shift = map.shift()[c];
    double scale = map.scale()[c];
    double offset = map.offset()[c];
    for (int i = from; i < to; i++) {
      out[i] = (float) ((x[i] - shift) * scale + offset);
    }
  }

  @Override
  public void mapRows(float[] x, int from, int to, ShiftScale map, float[] out) {
    for (int row = from; row < to; row += map.shift().length) {
      mapRestOfRow(x, row, 0, map, out);
    }
  }

  static void mapRestOfRow(float[] x, int row, int from, ShiftScale map, float[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    for (int c = from; c < shift.length; c++) {
      out[row + c] = (float) ((x[row + c] - shift[c]) * scale[c] + offset[c]);
    }
  }

  @Override
  public void mapRuns(
      float[] x, int from, int runs, int length, MaxDivision map, int c, float[] out) {
    for (int r = 0, start = from; r < runs; r++, start += length) {
      mapRestOfRun(x, start, start + length, map, c + r, out);
    }
  }

  static void mapRestOfRun(float[] x, int from, int to, MaxDivision map, int c, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = (float) map.of(x[i], c);
    }
  }

  @Override
  public void mapRows(float[] x, int from, int to, MaxDivision map, float[] out) {
    for (int row = from; row < to; row += map.floor().length) {
      mapRestOfRow(x, row, 0, map, out);
    }
  }

  static void mapRestOfRow(float[] x, int row, int from, MaxDivision map, float[] out) {
    for (int c = from; c < map.floor().length; c++) {
      out[row + c] = (float) map.of(x[row + c], c);
    }
  }

  @Override
  public void mapRuns(
      float[] x, int from, int runs, int length, GatedScale map, int c, float[] out) {
    for (int r = 0, start = from; r < runs; r++, start += length) {
      mapRestOfRun(x, start, start + length, map, c + r, out);
    }
  }

  static void mapRestOfRun(float[] x, int from, int to, GatedScale map, int c, float[] out) {
    double slope = map.slope()[c] * -Sigmoid.LOG2_E;
    double scale = map.scale()[c];
    double offset = map.offset()[c];
    for (int i = from; i < to; i++) {
      out[i] = (float) (x[i] / Sigmoid.coarseDivisor(x[i] * slope) * scale + offset);
    }
  }

  @Override
  public void mapRows(float[] x, int from, int to, GatedScale map, float[] out) {
    for (int row = from; row < to; row += map.slope().length) {
      mapPartOfRow(x, row, 0, map.slope().length, map, out);
    }
  }

  static void mapPartOfRow(float[] x, int row, int from, int to, GatedScale map, float[] out) {
    double[] slope = map.slope();
    double[] scale = map.scale();
    double[] offset = map.offset();
    for (int c = from; c < to; c++) {
      double value = x[row + c];
      out[row + c] =
          (float)
              (value / Sigmoid.coarseDivisor(value * (slope[c] * -Sigmoid.LOG2_E)) * scale[c]
                  + offset[c]);
    }
  }

  @Override
  public void mapBlock(float[] x, int from, BlockScale map, int k, float[] out) {
    mapRestOfBlock(x, from, map, k, 0, out);
  }

  static void mapRestOfBlock(float[] x, int from, BlockScale map, int k, int first, float[] out) {
    double shift = map.shift()[k];
    double scale = map.scale()[k];
    double offset = map.offset()[k];
    double[] weight = map.weight();
    double[] bias = map.bias();
    for (int i = first; i < weight.length; i++) {
      out[from + i] = (float) (((x[from + i] - shift) * scale + offset) * weight[i] + bias[i]);
    }
  }

  @Override
  public void gate(double[] x, double[] t, int n, double[] y) {
    for (int i = 0; i < n; i++) {
      y[i] = x[i] / Sigmoid.coarseDivisor(t[i] * -Sigmoid.LOG2_E);
    }
  }

  @Override
  public void widen(float[] x, int from, int to, double[] values) {
    for (int i = from; i < to; i++) {
      values[i - from] = x[i];
    }
  }

  @Override
  public void narrow(double[] values, int from, int to, float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = (float) values[i - from];
    }
  }
}
