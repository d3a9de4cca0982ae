package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.DOUBLES;
import static io.sparknorm.kernels.Lanes.WIDTH;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops over double precision with vectors of doubles; what is left over at the end of a run or
 * row goes through the plain loops. Additions go to two vectors in turn, which need not wait for
 * each other.
 *
 * <p>Every vector is made, used and stored in one loop, by methods of the Vector API alone: the
 * compiler always takes these in. A method of ours it may leave out where a caller has grown large,
 * and then it allocates each vector that goes in or out.
 */
final class VectorDoubles extends ScalarDoubles {
  @Override
  public void sumDeviations(
      double[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    DoubleVector values = DoubleVector.broadcast(DOUBLES, value);
    int whole = to - (to - from) % STEP;
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      DoubleVector sumA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector sumB = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareB = DoubleVector.broadcast(DOUBLES, 0);
      for (int i = from + lane; i < whole; i += STEP) {
        DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(values);
        DoubleVector b = DoubleVector.fromArray(DOUBLES, x, i + LANES).sub(values);
        sumA = sumA.add(a);
        sumB = sumB.add(b);
        squareA = squareA.add(a.mul(a));
        squareB = squareB.add(b.mul(b));
      }

      DoubleVector sum = sumA.add(sumB);
      DoubleVector square = squareA.add(squareB);
      for (int i = whole + lane; i <= to - WIDTH; i += LANES) {
        DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(values);
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
      double[] x, int from, int to, double[] values, double[] sums, double[] squares) {
    int n = sums.length;
    int tile = Lanes.tile(n);
    for (int first = from; first < to; first += tile) {
      int last = Math.min(first + tile, to);
      int s = 0;
      for (; s <= n - 2 * WIDTH; s += 2 * WIDTH) {
        DoubleVector valueA = DoubleVector.fromArray(DOUBLES, values, s);
        DoubleVector valueB = DoubleVector.fromArray(DOUBLES, values, s + WIDTH);
        DoubleVector sumA = DoubleVector.fromArray(DOUBLES, sums, s);
        DoubleVector sumB = DoubleVector.fromArray(DOUBLES, sums, s + WIDTH);
        DoubleVector squareA = DoubleVector.fromArray(DOUBLES, squares, s);
        DoubleVector squareB = DoubleVector.fromArray(DOUBLES, squares, s + WIDTH);
        for (int i = first + s; i < last; i += n) {
          DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(valueA);
          DoubleVector b = DoubleVector.fromArray(DOUBLES, x, i + WIDTH).sub(valueB);
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
  public void mapRun(double[] x, int from, int to, ShiftScale map, int c, double[] out) {
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[c]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[c]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      (DoubleVector.fromArray(DOUBLES, x, i).sub(shift).mul(scale).add(offset)).intoArray(out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(double[] x, int to, ShiftScale map, double[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int n = shift.length;
    for (int row = 0; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector deviation =
            DoubleVector.fromArray(DOUBLES, x, row + c)
                .sub(DoubleVector.fromArray(DOUBLES, shift, c));
        (deviation
                .mul(DoubleVector.fromArray(DOUBLES, scale, c))
                .add(DoubleVector.fromArray(DOUBLES, offset, c)))
            .intoArray(out, row + c);
      }

      mapRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapBlock(double[] x, int from, BlockScale map, int k, double[] out) {
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[k]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[k]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[k]);
    double[] weight = map.weight();
    double[] bias = map.bias();
    int i = 0;
    for (; i <= weight.length - WIDTH; i += WIDTH) {
      DoubleVector y =
          DoubleVector.fromArray(DOUBLES, x, from + i).sub(shift).mul(scale).add(offset);
      (y.mul(DoubleVector.fromArray(DOUBLES, weight, i))
              .add(DoubleVector.fromArray(DOUBLES, bias, i)))
          .intoArray(out, from + i);
    }

    mapRestOfBlock(x, from, i, map, k, out);
  }

  /** The steps of {@link Sigmoid#divisor}, unless an exponential is out of the ordinary. */
  @Override
  public void gate(double[] x, double[] t, int n, double[] y) {
    // Made here: a vector that is a constant would be allocated anew by each step.
    LongVector beyond = LongVector.zero(Lanes.LONGS);
    int i = 0;
    for (; i <= n - WIDTH; i += WIDTH) {
      DoubleVector z = DoubleVector.fromArray(DOUBLES, t, i).neg();
      DoubleVector shifted = z.mul(Lanes.LOG2_E).add(Lanes.ROUNDER);
      DoubleVector k = shifted.sub(Lanes.ROUNDER);
      DoubleVector r = z.sub(k.mul(Lanes.LN2_HIGH)).sub(k.mul(Lanes.LN2_LOW));
      DoubleVector r2 = r.mul(r);
      DoubleVector even = r2.mul(Lanes.C10).add(Lanes.C8).mul(r2).add(Lanes.C6);
      DoubleVector odd = r2.mul(Lanes.C11).add(Lanes.C9).mul(r2).add(Lanes.C7);
      DoubleVector lowerEven = even.mul(r2).add(Lanes.C4).mul(r2).add(Lanes.C2);
      DoubleVector lowerOdd = odd.mul(r2).add(Lanes.C5).mul(r2).add(Lanes.C3);
      DoubleVector power = lowerOdd.mul(r).add(lowerEven).mul(r2).add(r).add(Lanes.ONE);
      LongVector bits = shifted.reinterpretAsLongs();
      LongVector exponent = bits.lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
      DoubleVector e = power.reinterpretAsLongs().add(exponent).reinterpretAsDoubles();
      DoubleVector.fromArray(DOUBLES, x, i).div(e.add(Lanes.ONE)).intoArray(y, i);
      beyond = beyond.or(bits.sub(Lanes.LOWEST_BITS));
    }

    if ((beyond.reduceLanes(VectorOperators.OR) & Sigmoid.BEYOND) != 0) {
      super.gate(x, t, n, y);
    } else {
      for (; i < n; i++) {
        y[i] = x[i] / Sigmoid.divisor(t[i]);
      }
    }
  }

  @Override
  public void mapRun(double[] x, int from, int to, MaxDivision map, int c, double[] out) {
    DoubleVector floor = DoubleVector.broadcast(DOUBLES, map.floor()[c]);
    DoubleVector slope = DoubleVector.broadcast(DOUBLES, map.slope()[c]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c]);
    DoubleVector weight = DoubleVector.broadcast(DOUBLES, map.weight()[c]);
    DoubleVector bias = DoubleVector.broadcast(DOUBLES, map.bias()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      DoubleVector value = DoubleVector.fromArray(DOUBLES, x, i);
      DoubleVector divisor = floor.max(slope.mul(value).add(offset));
      value
          .mul(Lanes.ONE.div(divisor).blend(0, divisor.eq(0)))
          .mul(weight)
          .add(bias)
          .intoArray(out, i);
    }

    super.mapRun(x, i, to, map, c, out);
  }

  @Override
  public void mapRows(double[] x, int to, MaxDivision map, double[] out) {
    double[] floor = map.floor();
    double[] slope = map.slope();
    double[] offset = map.offset();
    double[] weight = map.weight();
    double[] bias = map.bias();
    int n = floor.length;
    for (int row = 0; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, x, row + c);
        DoubleVector line =
            DoubleVector.fromArray(DOUBLES, slope, c)
                .mul(value)
                .add(DoubleVector.fromArray(DOUBLES, offset, c));
        DoubleVector divisor = DoubleVector.fromArray(DOUBLES, floor, c).max(line);
        value
            .mul(Lanes.ONE.div(divisor).blend(0, divisor.eq(0)))
            .mul(DoubleVector.fromArray(DOUBLES, weight, c))
            .add(DoubleVector.fromArray(DOUBLES, bias, c))
            .intoArray(out, row + c);
      }

      mapRow(x, row, c, map, out);
    }
  }
}
