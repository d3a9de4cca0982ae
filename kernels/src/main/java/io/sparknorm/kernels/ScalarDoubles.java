package io.sparknorm.kernels;

/** The loops over double precision in plain Java. */
class ScalarDoubles implements Loops<double[]> {
  @Override
  public void addRun(double[] x, int from, int to, double[] sums, int at) {
    // Eight locals: the sums stay in registers, which an array's elements do not.
    double l0 = sums[at];
    double l1 = sums[at + 1];
    double l2 = sums[at + 2];
    double l3 = sums[at + 3];
    double l4 = sums[at + 4];
    double l5 = sums[at + 5];
    double l6 = sums[at + 6];
    double l7 = sums[at + 7];
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      l0 += x[i];
      l1 += x[i + 1];
      l2 += x[i + 2];
      l3 += x[i + 3];
      l4 += x[i + 4];
      l5 += x[i + 5];
      l6 += x[i + 6];
      l7 += x[i + 7];
    }

    sums[at] = l0;
    sums[at + 1] = l1;
    sums[at + 2] = l2;
    sums[at + 3] = l3;
    sums[at + 4] = l4;
    sums[at + 5] = l5;
    sums[at + 6] = l6;
    sums[at + 7] = l7;
    for (int lane = at; i < to; i++, lane++) {
      sums[lane] += x[i];
    }
  }

  @Override
  public void addDeviations(
      double[] x, int from, int to, double mean, double[] sums, double[] squares, int at) {
    int whole = to - (to - from) % LANES;
    // Four lanes at a time: four sums and four squares are as many as stay in registers.
    addDeviationsOfHalf(x, from, whole, mean, sums, squares, at);
    addDeviationsOfHalf(x, from + 4, whole, mean, sums, squares, at + 4);
    for (int i = whole, lane = at; i < to; i++, lane++) {
      double deviation = x[i] - mean;
      sums[lane] += deviation;
      squares[lane] += deviation * deviation;
    }
  }

  private static void addDeviationsOfHalf(
      double[] x, int from, int to, double mean, double[] sums, double[] squares, int at) {
    double s0 = sums[at];
    double s1 = sums[at + 1];
    double s2 = sums[at + 2];
    double s3 = sums[at + 3];
    double q0 = squares[at];
    double q1 = squares[at + 1];
    double q2 = squares[at + 2];
    double q3 = squares[at + 3];
    for (int i = from; i < to; i += LANES) {
      double d0 = x[i] - mean;
      double d1 = x[i + 1] - mean;
      double d2 = x[i + 2] - mean;
      double d3 = x[i + 3] - mean;
      s0 += d0;
      s1 += d1;
      s2 += d2;
      s3 += d3;
      q0 += d0 * d0;
      q1 += d1 * d1;
      q2 += d2 * d2;
      q3 += d3 * d3;
    }

    sums[at] = s0;
    sums[at + 1] = s1;
    sums[at + 2] = s2;
    sums[at + 3] = s3;
    squares[at] = q0;
    squares[at + 1] = q1;
    squares[at + 2] = q2;
    squares[at + 3] = q3;
  }

  @Override
  public void addRows(double[] x, int to, double[] sums) {
    int n = sums.length;
    for (int row = 0; row < to; row += n) {
      addRow(x, row, 0, sums);
    }
  }

  /** Adds the rest of the row that starts at {@code row}, from position {@code from}. */
  static void addRow(double[] x, int row, int from, double[] sums) {
    for (int s = from; s < sums.length; s++) {
      sums[s] += x[row + s];
    }
  }

  @Override
  public void addRowDeviations(
      double[] x, int to, double[] means, double[] sums, double[] squares) {
    for (int row = 0; row < to; row += means.length) {
      addDeviationsOfRow(x, row, 0, means, sums, squares);
    }
  }

  static void addDeviationsOfRow(
      double[] x, int row, int from, double[] means, double[] sums, double[] squares) {
    for (int s = from; s < means.length; s++) {
      double deviation = x[row + s] - means[s];
      sums[s] += deviation;
      squares[s] += deviation * deviation;
    }
  }

  @Override
  public void addPresent(double[] x, TensorView slices, int[] counts, double[] sums) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Double.isNaN(x[i])) {
        int s = slices.channelOf(i);
        counts[s]++;
        sums[s] += x[i];
      }
    }
  }

  @Override
  public void addPresentDeviations(
      double[] x, TensorView slices, double[] means, double[] sums, double[] squares) {
    for (int i = 0, end = slices.length(); i < end; i++) {
      if (!Double.isNaN(x[i])) {
        int s = slices.channelOf(i);
        double deviation = x[i] - means[s];
        sums[s] += deviation;
        squares[s] += deviation * deviation;
      }
    }
  }

  @Override
  public void mapRun(double[] x, int from, int to, ShiftScale map, int c, double[] out) {
    double shift = map.shift()[c];
    double low = map.shiftLow()[c];
    double scale = map.scale()[c];
    double bias = map.bias()[c];
    Activation activation = map.activation();
    if (activation == Activation.NONE) {
      for (int i = from; i < to; i++) {
        out[i] = ((x[i] - shift - low) * scale + bias);
      }
    } else {
      for (int i = from; i < to; i++) {
        out[i] = activation.of((x[i] - shift - low) * scale + bias);
      }
    }
  }

  @Override
  public void mapRows(double[] x, int to, ShiftScale map, double[] out) {
    for (int row = 0; row < to; row += map.shift().length) {
      mapRow(x, row, 0, map, out);
    }
  }

  static void mapRow(double[] x, int row, int from, ShiftScale map, double[] out) {
    double[] shift = map.shift();
    double[] low = map.shiftLow();
    double[] scale = map.scale();
    double[] bias = map.bias();
    Activation activation = map.activation();
    if (activation == Activation.NONE) {
      for (int c = from; c < shift.length; c++) {
        out[row + c] = ((x[row + c] - shift[c] - low[c]) * scale[c] + bias[c]);
      }
    } else {
      for (int c = from; c < shift.length; c++) {
        double y = (x[row + c] - shift[c] - low[c]) * scale[c] + bias[c];
        out[row + c] = activation.of(y);
      }
    }
  }

  @Override
  public void mapRun(double[] x, int from, int to, Gate map, int c, double[] out) {
    double slope = map.slope()[c];
    double scale = map.scale()[c];
    double bias = map.bias()[c];
    for (int i = from; i < to; i++) {
      out[i] = (x[i] * Sigmoid.of(slope * x[i]) * scale + bias);
    }
  }

  @Override
  public void mapRows(double[] x, int to, Gate map, double[] out) {
    for (int row = 0; row < to; row += map.slope().length) {
      mapRow(x, row, 0, map, out);
    }
  }

  static void mapRow(double[] x, int row, int from, Gate map, double[] out) {
    double[] slope = map.slope();
    double[] scale = map.scale();
    double[] bias = map.bias();
    for (int c = from; c < slope.length; c++) {
      double value = x[row + c];
      out[row + c] = (value * Sigmoid.of(slope[c] * value) * scale[c] + bias[c]);
    }
  }

  @Override
  public void mapRun(double[] x, int from, int to, MaxDivision map, int c, double[] out) {
    double floor = map.floor()[c];
    double slope = map.slope()[c];
    double offset = map.offset()[c];
    double weight = map.weight()[c];
    double bias = map.bias()[c];
    for (int i = from; i < to; i++) {
      double divisor = Math.max(floor, slope * x[i] + offset);
      out[i] = (x[i] * Denominator.reciprocal(divisor) * weight + bias);
    }
  }

  @Override
  public void mapRows(double[] x, int to, MaxDivision map, double[] out) {
    for (int row = 0; row < to; row += map.floor().length) {
      mapRow(x, row, 0, map, out);
    }
  }

  static void mapRow(double[] x, int row, int from, MaxDivision map, double[] out) {
    double[] floor = map.floor();
    double[] slope = map.slope();
    double[] offset = map.offset();
    double[] weight = map.weight();
    double[] bias = map.bias();
    for (int c = from; c < floor.length; c++) {
      double value = x[row + c];
      double divisor = Math.max(floor[c], slope[c] * value + offset[c]);
      out[row + c] = (value * Denominator.reciprocal(divisor) * weight[c] + bias[c]);
    }
  }

  @Override
  public void mapBlock(double[] x, int from, BlockScale map, int k, double[] out) {
    mapRestOfBlock(x, from, 0, map, k, out);
  }

  static void mapRestOfBlock(double[] x, int block, int from, BlockScale map, int k, double[] out) {
    double shift = map.shift()[k];
    double low = map.shiftLow()[k];
    double scale = map.scale()[k];
    double[] weight = map.weight();
    double[] bias = map.bias();
    Activation activation = map.activation();
    if (activation == Activation.NONE) {
      for (int i = from; i < weight.length; i++) {
        out[block + i] = ((x[block + i] - shift - low) * scale * weight[i] + bias[i]);
      }
    } else {
      for (int i = from; i < weight.length; i++) {
        double y = (x[block + i] - shift - low) * scale * weight[i] + bias[i];
        out[block + i] = activation.of(y);
      }
    }
  }
}
