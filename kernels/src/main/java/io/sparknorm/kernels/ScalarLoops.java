package io.sparknorm.kernels;

import java.util.Arrays;

/** The loops in plain Java. */
final class ScalarLoops implements Loops {
  static final ScalarLoops INSTANCE = new ScalarLoops();

  private static final int LANES = 8;

  private ScalarLoops() {}

  @Override
  public void moments(float[] x, TensorView slices, SliceMoments into) {
    if (slices.inner() == 1) {
      interleavedMoments(x, slices, into);
    } else {
      contiguousMoments(x, slices, into);
    }
  }

  private static void interleavedMoments(float[] x, TensorView slices, SliceMoments into) {
    int n = slices.channels();
    int count = slices.outer();
    double[] mean = into.mean;
    double[] low = into.meanLow;
    double[] squares = into.squares;
    for (int at = 0, end = slices.length(); at < end; at += n) {
      for (int s = 0; s < n; s++) {
        mean[s] += x[at + s];
      }
    }

    for (int s = 0; s < n; s++) {
      mean[s] /= count;
    }

    for (int at = 0, end = slices.length(); at < end; at += n) {
      for (int s = 0; s < n; s++) {
        double deviation = x[at + s] - mean[s];
        low[s] += deviation;
        squares[s] += deviation * deviation;
      }
    }

    for (int s = 0; s < n; s++) {
      into.settle(s, count);
    }
  }

  private static void contiguousMoments(float[] x, TensorView slices, SliceMoments into) {
    int run = slices.inner();
    int stride = slices.channels() * run;
    int end = slices.length();
    double[] sums = new double[LANES];
    double[] squares = new double[LANES];
    for (int s = 0; s < slices.channels(); s++) {
      Arrays.fill(sums, 0);
      for (int at = s * run; at < end; at += stride) {
        addRun(x, at, run, sums);
      }

      double mean = total(sums) / slices.channelLength();
      Arrays.fill(sums, 0);
      Arrays.fill(squares, 0);
      for (int at = s * run; at < end; at += stride) {
        addDeviations(x, at, run, mean, sums, squares);
      }

      into.mean[s] = mean;
      into.meanLow[s] = total(sums);
      into.squares[s] = total(squares);
      into.settle(s, slices.channelLength());
    }
  }

  private static void addRun(float[] x, int from, int length, double[] lanes) {
    double l0 = lanes[0];
    double l1 = lanes[1];
    double l2 = lanes[2];
    double l3 = lanes[3];
    double l4 = lanes[4];
    double l5 = lanes[5];
    double l6 = lanes[6];
    double l7 = lanes[7];
    int i = from;
    for (int whole = from + length - length % LANES; i < whole; i += LANES) {
      l0 += x[i];
      l1 += x[i + 1];
      l2 += x[i + 2];
      l3 += x[i + 3];
      l4 += x[i + 4];
      l5 += x[i + 5];
      l6 += x[i + 6];
      l7 += x[i + 7];
    }

    lanes[0] = l0;
    lanes[1] = l1;
    lanes[2] = l2;
    lanes[3] = l3;
    lanes[4] = l4;
    lanes[5] = l5;
    lanes[6] = l6;
    lanes[7] = l7;
    for (int lane = 0; i < from + length; i++, lane++) {
      lanes[lane] += x[i];
    }
  }

  private static void addDeviations(
      float[] x, int from, int length, double mean, double[] sums, double[] squares) {
    for (int i = from, end = from + length; i < end; i += LANES) {
      int lanes = Math.min(LANES, end - i);
      for (int lane = 0; lane < lanes; lane++) {
        double deviation = x[i + lane] - mean;
        sums[lane] += deviation;
        squares[lane] += deviation * deviation;
      }
    }
  }

  @Override
  public void presentMoments(float[] x, TensorView slices, SliceMoments into) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Float.isNaN(x[i])) {
        int s = slices.channelOf(i);
        into.count[s]++;
        into.mean[s] += x[i];
      }
    }

    for (int s = 0; s < slices.channels(); s++) {
      into.mean[s] /= Math.max(1, into.count[s]);
    }

    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Float.isNaN(x[i])) {
        int s = slices.channelOf(i);
        double deviation = x[i] - into.mean[s];
        into.meanLow[s] += deviation;
        into.squares[s] += deviation * deviation;
      }
    }

    for (int s = 0; s < slices.channels(); s++) {
      into.settle(s, into.count[s]);
    }
  }

  @Override
  public void squares(float[] x, TensorView slices, SliceMoments into) {
    Arrays.fill(into.count, slices.channelLength());
    if (slices.inner() == 1) {
      int n = slices.channels();
      for (int at = 0, end = slices.length(); at < end; at += n) {
        for (int s = 0; s < n; s++) {
          into.squares[s] += (double) x[at + s] * x[at + s];
        }
      }

      return;
    }

    int run = slices.inner();
    int stride = slices.channels() * run;
    double[] sums = new double[LANES];
    double[] squares = new double[LANES];
    for (int s = 0; s < slices.channels(); s++) {
      Arrays.fill(squares, 0);
      for (int at = s * run, end = slices.length(); at < end; at += stride) {
        addDeviations(x, at, run, 0, sums, squares);
      }

      into.squares[s] = total(squares);
    }
  }

  @Override
  public void presentSquares(float[] x, TensorView slices, SliceMoments into) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Float.isNaN(x[i])) {
        int s = slices.channelOf(i);
        into.count[s]++;
        into.squares[s] += (double) x[i] * x[i];
      }
    }
  }

  @Override
  public void map(float[] x, TensorView view, ShiftScale map, float[] out) {
    if (map.activation() != Activation.NONE) {
      activated(x, view, map, out);
      return;
    }

    double[] shifts = map.shift();
    double[] lows = map.shiftLow();
    double[] scales = map.scale();
    double[] biases = map.bias();
    int channels = view.channels();
    int inner = view.inner();
    if (inner == 1) {
      for (int at = 0, end = view.length(); at < end; at += channels) {
        for (int c = 0; c < channels; c++) {
          out[at + c] = (float) ((x[at + c] - shifts[c] - lows[c]) * scales[c] + biases[c]);
        }
      }

      return;
    }

    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < channels; c++) {
        double shift = shifts[c];
        double low = lows[c];
        double scale = scales[c];
        double bias = biases[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = (float) ((x[i] - shift - low) * scale + bias);
        }
      }
    }
  }

  private static void activated(float[] x, TensorView view, ShiftScale map, float[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        double shift = map.shift()[c];
        double low = map.shiftLow()[c];
        double scale = map.scale()[c];
        double bias = map.bias()[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = (float) map.activation().of((x[i] - shift - low) * scale + bias);
        }
      }
    }
  }

  @Override
  public void map(float[] x, TensorView view, Gate map, float[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        double slope = map.slope()[c];
        double scale = map.scale()[c];
        double bias = map.bias()[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = (float) (x[i] / (1 + Math.exp(-slope * x[i])) * scale + bias);
        }
      }
    }
  }

  @Override
  public void map(float[] x, TensorView view, MaxDivision map, float[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        for (int end = i + inner; i < end; i++) {
          out[i] = (float) map.of(x[i], c);
        }
      }
    }
  }

  @Override
  public void map(float[] x, BlockScale map, float[] out) {
    double[] weight = map.weight();
    double[] bias = map.bias();
    Activation activation = map.activation();
    int at = 0;
    for (int k = 0; k < map.scale().length; k++) {
      double shift = map.shift()[k];
      double low = map.shiftLow()[k];
      double scale = map.scale()[k];
      if (activation == Activation.NONE) {
        for (int i = 0; i < weight.length; i++) {
          out[at + i] = (float) ((x[at + i] - shift - low) * scale * weight[i] + bias[i]);
        }
      } else {
        for (int i = 0; i < weight.length; i++) {
          double y = (x[at + i] - shift - low) * scale * weight[i] + bias[i];
          out[at + i] = (float) activation.of(y);
        }
      }

      at += weight.length;
    }
  }

  @Override
  public void moments(double[] x, TensorView slices, SliceMoments into) {
    if (slices.inner() == 1) {
      interleavedMoments(x, slices, into);
    } else {
      contiguousMoments(x, slices, into);
    }
  }

  private static void interleavedMoments(double[] x, TensorView slices, SliceMoments into) {
    int n = slices.channels();
    int count = slices.outer();
    double[] mean = into.mean;
    double[] low = into.meanLow;
    double[] squares = into.squares;
    for (int at = 0, end = slices.length(); at < end; at += n) {
      for (int s = 0; s < n; s++) {
        mean[s] += x[at + s];
      }
    }

    for (int s = 0; s < n; s++) {
      mean[s] /= count;
    }

    for (int at = 0, end = slices.length(); at < end; at += n) {
      for (int s = 0; s < n; s++) {
        double deviation = x[at + s] - mean[s];
        low[s] += deviation;
        squares[s] += deviation * deviation;
      }
    }

    for (int s = 0; s < n; s++) {
      into.settle(s, count);
    }
  }

  private static void contiguousMoments(double[] x, TensorView slices, SliceMoments into) {
    int run = slices.inner();
    int stride = slices.channels() * run;
    int end = slices.length();
    double[] sums = new double[LANES];
    double[] squares = new double[LANES];
    for (int s = 0; s < slices.channels(); s++) {
      Arrays.fill(sums, 0);
      for (int at = s * run; at < end; at += stride) {
        addRun(x, at, run, sums);
      }

      double mean = total(sums) / slices.channelLength();
      Arrays.fill(sums, 0);
      Arrays.fill(squares, 0);
      for (int at = s * run; at < end; at += stride) {
        addDeviations(x, at, run, mean, sums, squares);
      }

      into.mean[s] = mean;
      into.meanLow[s] = total(sums);
      into.squares[s] = total(squares);
      into.settle(s, slices.channelLength());
    }
  }

  private static void addRun(double[] x, int from, int length, double[] lanes) {
    double l0 = lanes[0];
    double l1 = lanes[1];
    double l2 = lanes[2];
    double l3 = lanes[3];
    double l4 = lanes[4];
    double l5 = lanes[5];
    double l6 = lanes[6];
    double l7 = lanes[7];
    int i = from;
    for (int whole = from + length - length % LANES; i < whole; i += LANES) {
      l0 += x[i];
      l1 += x[i + 1];
      l2 += x[i + 2];
      l3 += x[i + 3];
      l4 += x[i + 4];
      l5 += x[i + 5];
      l6 += x[i + 6];
      l7 += x[i + 7];
    }

    lanes[0] = l0;
    lanes[1] = l1;
    lanes[2] = l2;
    lanes[3] = l3;
    lanes[4] = l4;
    lanes[5] = l5;
    lanes[6] = l6;
    lanes[7] = l7;
    for (int lane = 0; i < from + length; i++, lane++) {
      lanes[lane] += x[i];
    }
  }

  private static void addDeviations(
      double[] x, int from, int length, double mean, double[] sums, double[] squares) {
    for (int i = from, end = from + length; i < end; i += LANES) {
      int lanes = Math.min(LANES, end - i);
      for (int lane = 0; lane < lanes; lane++) {
        double deviation = x[i + lane] - mean;
        sums[lane] += deviation;
        squares[lane] += deviation * deviation;
      }
    }
  }

  @Override
  public void presentMoments(double[] x, TensorView slices, SliceMoments into) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Double.isNaN(x[i])) {
        int s = slices.channelOf(i);
        into.count[s]++;
        into.mean[s] += x[i];
      }
    }

    for (int s = 0; s < slices.channels(); s++) {
      into.mean[s] /= Math.max(1, into.count[s]);
    }

    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Double.isNaN(x[i])) {
        int s = slices.channelOf(i);
        double deviation = x[i] - into.mean[s];
        into.meanLow[s] += deviation;
        into.squares[s] += deviation * deviation;
      }
    }

    for (int s = 0; s < slices.channels(); s++) {
      into.settle(s, into.count[s]);
    }
  }

  @Override
  public void squares(double[] x, TensorView slices, SliceMoments into) {
    Arrays.fill(into.count, slices.channelLength());
    if (slices.inner() == 1) {
      int n = slices.channels();
      for (int at = 0, end = slices.length(); at < end; at += n) {
        for (int s = 0; s < n; s++) {
          into.squares[s] += x[at + s] * x[at + s];
        }
      }

      return;
    }

    int run = slices.inner();
    int stride = slices.channels() * run;
    double[] sums = new double[LANES];
    double[] squares = new double[LANES];
    for (int s = 0; s < slices.channels(); s++) {
      Arrays.fill(squares, 0);
      for (int at = s * run, end = slices.length(); at < end; at += stride) {
        addDeviations(x, at, run, 0, sums, squares);
      }

      into.squares[s] = total(squares);
    }
  }

  @Override
  public void presentSquares(double[] x, TensorView slices, SliceMoments into) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Double.isNaN(x[i])) {
        int s = slices.channelOf(i);
        into.count[s]++;
        into.squares[s] += x[i] * x[i];
      }
    }
  }

  @Override
  public void map(double[] x, TensorView view, ShiftScale map, double[] out) {
    if (map.activation() != Activation.NONE) {
      activated(x, view, map, out);
      return;
    }

    double[] shifts = map.shift();
    double[] lows = map.shiftLow();
    double[] scales = map.scale();
    double[] biases = map.bias();
    int channels = view.channels();
    int inner = view.inner();
    if (inner == 1) {
      for (int at = 0, end = view.length(); at < end; at += channels) {
        for (int c = 0; c < channels; c++) {
          out[at + c] = ((x[at + c] - shifts[c] - lows[c]) * scales[c] + biases[c]);
        }
      }

      return;
    }

    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < channels; c++) {
        double shift = shifts[c];
        double low = lows[c];
        double scale = scales[c];
        double bias = biases[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = ((x[i] - shift - low) * scale + bias);
        }
      }
    }
  }

  private static void activated(double[] x, TensorView view, ShiftScale map, double[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        double shift = map.shift()[c];
        double low = map.shiftLow()[c];
        double scale = map.scale()[c];
        double bias = map.bias()[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = map.activation().of((x[i] - shift - low) * scale + bias);
        }
      }
    }
  }

  @Override
  public void map(double[] x, TensorView view, Gate map, double[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        double slope = map.slope()[c];
        double scale = map.scale()[c];
        double bias = map.bias()[c];
        for (int end = i + inner; i < end; i++) {
          out[i] = (x[i] / (1 + Math.exp(-slope * x[i])) * scale + bias);
        }
      }
    }
  }

  @Override
  public void map(double[] x, TensorView view, MaxDivision map, double[] out) {
    int inner = view.inner();
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (int c = 0; c < view.channels(); c++) {
        for (int end = i + inner; i < end; i++) {
          out[i] = map.of(x[i], c);
        }
      }
    }
  }

  @Override
  public void map(double[] x, BlockScale map, double[] out) {
    double[] weight = map.weight();
    double[] bias = map.bias();
    Activation activation = map.activation();
    int at = 0;
    for (int k = 0; k < map.scale().length; k++) {
      double shift = map.shift()[k];
      double low = map.shiftLow()[k];
      double scale = map.scale()[k];
      if (activation == Activation.NONE) {
        for (int i = 0; i < weight.length; i++) {
          out[at + i] = ((x[at + i] - shift - low) * scale * weight[i] + bias[i]);
        }
      } else {
        for (int i = 0; i < weight.length; i++) {
          double y = (x[at + i] - shift - low) * scale * weight[i] + bias[i];
          out[at + i] = activation.of(y);
        }
      }

      at += weight.length;
    }
  }

  private static double total(double[] lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }
}
