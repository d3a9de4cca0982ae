package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.WIDTH;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops over single precision with vectors of doubles; what is left over at the end of a run or
 * row goes through the plain loops. Additions go to two vectors in turn, which need not wait for
 * each other.
 *
 * <p>Every vector is made, used and stored in one loop: where it passes from method to method, or
 * from one branch to another, the compiler may allocate it.
 */
final class VectorFloats extends ScalarFloats {
  private static DoubleVector load(float[] x, int i) {
    return (DoubleVector) FloatVector.fromArray(Lanes.FLOATS, x, i).castShape(Lanes.DOUBLES, 0);
  }

  private static void store(DoubleVector y, float[] out, int i) {
    ((FloatVector) y.castShape(Lanes.FLOATS, 0)).intoArray(out, i);
  }

  @Override
  public void sumDeviations(
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    DoubleVector values = Lanes.all(value);
    int whole = to - (to - from) % STEP;
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      DoubleVector sumA = Lanes.all(0);
      DoubleVector sumB = Lanes.all(0);
      DoubleVector squareA = Lanes.all(0);
      DoubleVector squareB = Lanes.all(0);
      for (int i = from + lane; i < whole; i += STEP) {
        DoubleVector a = load(x, i).sub(values);
        DoubleVector b = load(x, i + LANES).sub(values);
        sumA = sumA.add(a);
        sumB = sumB.add(b);
        squareA = squareA.add(a.mul(a));
        squareB = squareB.add(b.mul(b));
      }

      DoubleVector sum = sumA.add(sumB);
      DoubleVector square = squareA.add(squareB);
      for (int i = whole + lane; i <= to - WIDTH; i += LANES) {
        DoubleVector a = load(x, i).sub(values);
        sum = sum.add(a);
        square = square.add(a.mul(a));
      }

      sum.intoArray(sums, at + lane);
      square.intoArray(squares, at + lane);
    }

    int rest = (to - whole) % WIDTH;
    if (rest > 0) {
      int lane = (to - rest - whole) % LANES;
      addRestOfDeviations(x, to - rest, to, value, sums, squares, at, lane);
    }
  }

  @Override
  public void addRowDeviations(
      float[] x, int from, int to, double[] values, double[] sums, double[] squares) {
    int n = sums.length;
    int tile = Lanes.tile(n);
    for (int first = from; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      int s = 0;
      for (; s <= n - 2 * WIDTH; s += 2 * WIDTH) {
        DoubleVector valueA = Lanes.load(values, s);
        DoubleVector valueB = Lanes.load(values, s + WIDTH);
        DoubleVector sumA = Lanes.load(sums, s);
        DoubleVector sumB = Lanes.load(sums, s + WIDTH);
        DoubleVector squareA = Lanes.load(squares, s);
        DoubleVector squareB = Lanes.load(squares, s + WIDTH);
        for (int i = first + s; i < last; i += n) {
          DoubleVector a = load(x, i).sub(valueA);
          DoubleVector b = load(x, i + WIDTH).sub(valueB);
          sumA = sumA.add(a);
          sumB = sumB.add(b);
          squareA = squareA.add(a.mul(a));
          squareB = squareB.add(b.mul(b));
        }

        sumA.intoArray(sums, s);
        sumB.intoArray(sums, s + WIDTH);
        squareA.intoArray(squares, s);
        squareB.intoArray(squares, s + WIDTH);
      }

      for (int row = first; row < last; row += n) {
        addDeviationsOfRow(x, row, s, values, sums, squares);
      }
    }
  }

  @Override
  public void mapRun(float[] x, int from, int to, ShiftScale map, int c, float[] out) {
    DoubleVector shift = Lanes.all(map.shift()[c]);
    DoubleVector scale = Lanes.all(map.scale()[c]);
    DoubleVector offset = Lanes.all(map.offset()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      store(load(x, i).sub(shift).mul(scale).add(offset), out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(float[] x, int to, ShiftScale map, float[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int n = shift.length;
    for (int row = 0; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector deviation = load(x, row + c).sub(Lanes.load(shift, c));
        store(deviation.mul(Lanes.load(scale, c)).add(Lanes.load(offset, c)), out, row + c);
      }

      mapRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapBlock(float[] x, int from, BlockScale map, int k, float[] out) {
    DoubleVector shift = Lanes.all(map.shift()[k]);
    DoubleVector scale = Lanes.all(map.scale()[k]);
    DoubleVector offset = Lanes.all(map.offset()[k]);
    double[] weight = map.weight();
    double[] bias = map.bias();
    int i = 0;
    for (; i <= weight.length - WIDTH; i += WIDTH) {
      DoubleVector y = load(x, from + i).sub(shift).mul(scale).add(offset);
      store(y.mul(Lanes.load(weight, i)).add(Lanes.load(bias, i)), out, from + i);
    }

    mapRestOfBlock(x, from, i, map, k, out);
  }

  /** The steps of {@link Sigmoid#coarseDivisor}, unless an exponential is out of the ordinary. */
  @Override
  public void gate(double[] x, double[] t, int n, double[] y) {
    // Made here: a vector that is a constant would be allocated anew by each step.
    LongVector beyond = LongVector.zero(Lanes.LONGS);
    int i = 0;
    for (; i <= n - WIDTH; i += WIDTH) {
      DoubleVector z = Lanes.load(t, i).mul(Lanes.MINUS_LOG2_E);
      DoubleVector shifted = z.add(Lanes.ROUNDER);
      DoubleVector f = z.sub(shifted.sub(Lanes.ROUNDER));
      DoubleVector f2 = f.mul(f);
      DoubleVector top = f2.mul(Lanes.P8).add(f.mul(Lanes.P7).add(Lanes.P6));
      DoubleVector upper = top.mul(f2).add(f.mul(Lanes.P5).add(Lanes.P4));
      DoubleVector lower = upper.mul(f2).add(f.mul(Lanes.P3).add(Lanes.P2));
      DoubleVector power = lower.mul(f2).add(f.mul(Lanes.P1).add(Lanes.ONE));
      LongVector bits = shifted.reinterpretAsLongs();
      LongVector exponent = bits.lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
      DoubleVector e = power.reinterpretAsLongs().add(exponent).reinterpretAsDoubles();
      Lanes.load(x, i).div(e.add(Lanes.ONE)).intoArray(y, i);
      beyond = beyond.or(bits.sub(Lanes.LOWEST_BITS));
    }

    if ((beyond.reduceLanes(VectorOperators.OR) & Sigmoid.BEYOND) != 0) {
      super.gate(x, t, n, y);
    } else {
      for (; i < n; i++) {
        y[i] = x[i] / Sigmoid.coarseDivisor(t[i]);
      }
    }
  }

  @Override
  public void widen(float[] x, int from, int to, double[] values) {
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      load(x, i).intoArray(values, i - from);
    }

    for (; i < to; i++) {
      values[i - from] = x[i];
    }
  }

  @Override
  public void narrow(double[] values, int from, int to, float[] out) {
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      store(Lanes.load(values, i - from), out, i);
    }

    for (; i < to; i++) {
      out[i] = (float) values[i - from];
    }
  }
}
