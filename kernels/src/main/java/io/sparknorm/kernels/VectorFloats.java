package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.WIDTH;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/**
 * The loops over single precision with vectors of doubles; what is left over at the end of a run or
 * row goes through the plain loops.
 */
final class VectorFloats extends ScalarFloats {
  private static DoubleVector get(float[] x, int i) {
    return (DoubleVector) FloatVector.fromArray(Lanes.FLOATS, x, i).castShape(Lanes.DOUBLES, 0);
  }

  private static void put(DoubleVector y, float[] out, int i) {
    ((FloatVector) y.castShape(Lanes.FLOATS, 0)).intoArray(out, i);
  }

  /** Stores in every branch: vectors that meet after a branch are allocated. */
  private static void put(DoubleVector y, Activation activation, float[] out, int i) {
    switch (activation) {
      case NONE -> put(y, out, i);
      case RELU -> put(y.max(0), out, i);
      case SILU -> put(y.mul(Lanes.sigmoid(y)), out, i);
      case SIGMOID -> put(Lanes.sigmoid(y), out, i);
    }
  }

  @Override
  public void addRun(float[] x, int from, int to, double[] sums, int at) {
    int whole = to - (to - from) % LANES;
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      DoubleVector sum = Lanes.load(sums, at + lane);
      for (int i = from + lane; i < whole; i += LANES) {
        sum = sum.add(get(x, i));
      }

      sum.intoArray(sums, at + lane);
    }

    super.addRun(x, whole, to, sums, at);
  }

  @Override
  public void addDeviations(
      float[] x, int from, int to, double mean, double[] sums, double[] squares, int at) {
    int whole = to - (to - from) % LANES;
    DoubleVector means = Lanes.all(mean);
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      DoubleVector sum = Lanes.load(sums, at + lane);
      DoubleVector square = Lanes.load(squares, at + lane);
      for (int i = from + lane; i < whole; i += LANES) {
        DoubleVector deviation = get(x, i).sub(means);
        sum = sum.add(deviation);
        square = square.add(deviation.mul(deviation));
      }

      sum.intoArray(sums, at + lane);
      square.intoArray(squares, at + lane);
    }

    super.addDeviations(x, whole, to, mean, sums, squares, at);
  }

  @Override
  public void addRows(float[] x, int to, double[] sums) {
    int n = sums.length;
    int whole = Lanes.DOUBLES.loopBound(n);
    int tile = Lanes.tile(n);
    for (int first = 0; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      for (int s = 0; s < whole; s += WIDTH) {
        DoubleVector sum = Lanes.load(sums, s);
        for (int row = first; row < last; row += n) {
          sum = sum.add(get(x, row + s));
        }

        sum.intoArray(sums, s);
      }

      for (int row = first; row < last; row += n) {
        addRow(x, row, whole, sums);
      }
    }
  }

  @Override
  public void addRowDeviations(float[] x, int to, double[] means, double[] sums, double[] squares) {
    int n = sums.length;
    int whole = Lanes.DOUBLES.loopBound(n);
    int tile = Lanes.tile(n);
    for (int first = 0; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      for (int s = 0; s < whole; s += WIDTH) {
        DoubleVector mean = Lanes.load(means, s);
        DoubleVector sum = Lanes.load(sums, s);
        DoubleVector square = Lanes.load(squares, s);
        for (int row = first; row < last; row += n) {
          DoubleVector deviation = get(x, row + s).sub(mean);
          sum = sum.add(deviation);
          square = square.add(deviation.mul(deviation));
        }

        sum.intoArray(sums, s);
        square.intoArray(squares, s);
      }

      for (int row = first; row < last; row += n) {
        addDeviationsOfRow(x, row, whole, means, sums, squares);
      }
    }
  }

  @Override
  public void mapRun(float[] x, int from, int to, ShiftScale map, int c, float[] out) {
    DoubleVector shift = Lanes.all(map.shift()[c]);
    DoubleVector low = Lanes.all(map.shiftLow()[c]);
    DoubleVector scale = Lanes.all(map.scale()[c]);
    DoubleVector bias = Lanes.all(map.bias()[c]);
    Activation activation = map.activation();
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      DoubleVector y = get(x, i).sub(shift).sub(low).mul(scale).add(bias);
      put(y, activation, out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(float[] x, int to, ShiftScale map, float[] out) {
    int n = map.shift().length;
    int whole = Lanes.DOUBLES.loopBound(n);
    int tile = Lanes.tile(n);
    Activation activation = map.activation();
    for (int first = 0; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      for (int c = 0; c < whole; c += WIDTH) {
        DoubleVector shift = Lanes.load(map.shift(), c);
        DoubleVector low = Lanes.load(map.shiftLow(), c);
        DoubleVector scale = Lanes.load(map.scale(), c);
        DoubleVector bias = Lanes.load(map.bias(), c);
        for (int i = first + c; i < last; i += n) {
          DoubleVector y = get(x, i).sub(shift).sub(low).mul(scale).add(bias);
          put(y, activation, out, i);
        }
      }

      for (int row = first; row < last; row += n) {
        mapRow(x, row, whole, map, out);
      }
    }
  }

  @Override
  public void mapRun(float[] x, int from, int to, Gate map, int c, float[] out) {
    DoubleVector slope = Lanes.all(map.slope()[c]);
    DoubleVector scale = Lanes.all(map.scale()[c]);
    DoubleVector bias = Lanes.all(map.bias()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      DoubleVector value = get(x, i);
      put(value.mul(Lanes.sigmoid(value.mul(slope))).mul(scale).add(bias), out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(float[] x, int to, Gate map, float[] out) {
    int n = map.slope().length;
    int whole = Lanes.DOUBLES.loopBound(n);
    int tile = Lanes.tile(n);
    for (int first = 0; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      for (int c = 0; c < whole; c += WIDTH) {
        DoubleVector slope = Lanes.load(map.slope(), c);
        DoubleVector scale = Lanes.load(map.scale(), c);
        DoubleVector bias = Lanes.load(map.bias(), c);
        for (int i = first + c; i < last; i += n) {
          DoubleVector value = get(x, i);
          put(value.mul(Lanes.sigmoid(value.mul(slope))).mul(scale).add(bias), out, i);
        }
      }

      for (int row = first; row < last; row += n) {
        mapRow(x, row, whole, map, out);
      }
    }
  }

  @Override
  public void mapRun(float[] x, int from, int to, MaxDivision map, int c, float[] out) {
    DoubleVector floor = Lanes.all(map.floor()[c]);
    DoubleVector slope = Lanes.all(map.slope()[c]);
    DoubleVector offset = Lanes.all(map.offset()[c]);
    DoubleVector weight = Lanes.all(map.weight()[c]);
    DoubleVector bias = Lanes.all(map.bias()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      DoubleVector value = get(x, i);
      DoubleVector divisor = floor.max(slope.mul(value).add(offset));
      put(value.mul(Lanes.reciprocal(divisor)).mul(weight).add(bias), out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(float[] x, int to, MaxDivision map, float[] out) {
    int n = map.floor().length;
    int whole = Lanes.DOUBLES.loopBound(n);
    int tile = Lanes.tile(n);
    for (int first = 0; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      for (int c = 0; c < whole; c += WIDTH) {
        DoubleVector floor = Lanes.load(map.floor(), c);
        DoubleVector slope = Lanes.load(map.slope(), c);
        DoubleVector offset = Lanes.load(map.offset(), c);
        DoubleVector weight = Lanes.load(map.weight(), c);
        DoubleVector bias = Lanes.load(map.bias(), c);
        for (int i = first + c; i < last; i += n) {
          DoubleVector value = get(x, i);
          DoubleVector divisor = floor.max(slope.mul(value).add(offset));
          put(value.mul(Lanes.reciprocal(divisor)).mul(weight).add(bias), out, i);
        }
      }

      for (int row = first; row < last; row += n) {
        mapRow(x, row, whole, map, out);
      }
    }
  }

  @Override
  public void mapBlock(float[] x, int from, BlockScale map, int k, float[] out) {
    DoubleVector shift = Lanes.all(map.shift()[k]);
    DoubleVector low = Lanes.all(map.shiftLow()[k]);
    DoubleVector scale = Lanes.all(map.scale()[k]);
    double[] weight = map.weight();
    double[] bias = map.bias();
    Activation activation = map.activation();
    int whole = Lanes.DOUBLES.loopBound(weight.length);
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector y = get(x, from + i).sub(shift).sub(low).mul(scale);
      put(y.mul(Lanes.load(weight, i)).add(Lanes.load(bias, i)), activation, out, from + i);
    }

    mapRestOfBlock(x, from, whole, map, k, out);
  }
}
