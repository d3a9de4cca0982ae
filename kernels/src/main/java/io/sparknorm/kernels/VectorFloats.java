package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.DOUBLES;
import static io.sparknorm.kernels.Lanes.FLOATS;
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
 * <p>Every vector is made, used and stored in one loop, by methods of the Vector API alone: the
 * compiler always takes these in. A method of ours it may leave out where a caller has grown large,
 * and then it allocates each vector that goes in or out.
 */
final class VectorFloats extends ScalarFloats {
  @Override
  public void sumDeviations(
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    DoubleVector values = DoubleVector.broadcast(DOUBLES, value);
    int whole = to - (to - from) % STEP;
    for (int lane = 0; lane < LANES; lane += WIDTH) {
      DoubleVector sumA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector sumB = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareB = DoubleVector.broadcast(DOUBLES, 0);
      for (int i = from + lane; i < whole; i += STEP) {
        DoubleVector a =
            ((DoubleVector) FloatVector.fromArray(FLOATS, x, i).castShape(DOUBLES, 0)).sub(values);
        DoubleVector b =
            ((DoubleVector) FloatVector.fromArray(FLOATS, x, i + LANES).castShape(DOUBLES, 0))
                .sub(values);
        sumA = sumA.add(a);
        sumB = sumB.add(b);
        squareA = squareA.add(a.mul(a));
        squareB = squareB.add(b.mul(b));
      }

      DoubleVector sum = sumA.add(sumB);
      DoubleVector square = squareA.add(squareB);
      for (int i = whole + lane; i <= to - WIDTH; i += LANES) {
        DoubleVector a =
            ((DoubleVector) FloatVector.fromArray(FLOATS, x, i).castShape(DOUBLES, 0)).sub(values);
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
        DoubleVector valueA = DoubleVector.fromArray(DOUBLES, values, s);
        DoubleVector valueB = DoubleVector.fromArray(DOUBLES, values, s + WIDTH);
        DoubleVector sumA = DoubleVector.fromArray(DOUBLES, sums, s);
        DoubleVector sumB = DoubleVector.fromArray(DOUBLES, sums, s + WIDTH);
        DoubleVector squareA = DoubleVector.fromArray(DOUBLES, squares, s);
        DoubleVector squareB = DoubleVector.fromArray(DOUBLES, squares, s + WIDTH);
        for (int i = first + s; i < last; i += n) {
          DoubleVector a =
              ((DoubleVector) FloatVector.fromArray(FLOATS, x, i).castShape(DOUBLES, 0))
                  .sub(valueA);
          DoubleVector b =
              ((DoubleVector) FloatVector.fromArray(FLOATS, x, i + WIDTH).castShape(DOUBLES, 0))
                  .sub(valueB);
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
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[c]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[c]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c]);
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      ((FloatVector)
              (((DoubleVector) FloatVector.fromArray(FLOATS, x, i).castShape(DOUBLES, 0))
                      .sub(shift)
                      .mul(scale)
                      .add(offset))
                  .castShape(FLOATS, 0))
          .intoArray(out, i);
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
        DoubleVector deviation =
            ((DoubleVector) FloatVector.fromArray(FLOATS, x, row + c).castShape(DOUBLES, 0))
                .sub(DoubleVector.fromArray(DOUBLES, shift, c));
        ((FloatVector)
                (deviation
                        .mul(DoubleVector.fromArray(DOUBLES, scale, c))
                        .add(DoubleVector.fromArray(DOUBLES, offset, c)))
                    .castShape(FLOATS, 0))
            .intoArray(out, row + c);
      }

      mapRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapBlock(float[] x, int from, BlockScale map, int k, float[] out) {
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[k]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[k]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[k]);
    double[] weight = map.weight();
    double[] bias = map.bias();
    int i = 0;
    for (; i <= weight.length - WIDTH; i += WIDTH) {
      DoubleVector y =
          ((DoubleVector) FloatVector.fromArray(FLOATS, x, from + i).castShape(DOUBLES, 0))
              .sub(shift)
              .mul(scale)
              .add(offset);
      ((FloatVector)
              (y.mul(DoubleVector.fromArray(DOUBLES, weight, i))
                      .add(DoubleVector.fromArray(DOUBLES, bias, i)))
                  .castShape(FLOATS, 0))
          .intoArray(out, from + i);
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
      DoubleVector z = DoubleVector.fromArray(DOUBLES, t, i).mul(Lanes.MINUS_LOG2_E);
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
      DoubleVector.fromArray(DOUBLES, x, i).div(e.add(Lanes.ONE)).intoArray(y, i);
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
      ((DoubleVector) FloatVector.fromArray(FLOATS, x, i).castShape(DOUBLES, 0))
          .intoArray(values, i - from);
    }

    for (; i < to; i++) {
      values[i - from] = x[i];
    }
  }

  @Override
  public void narrow(double[] values, int from, int to, float[] out) {
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      ((FloatVector) (DoubleVector.fromArray(DOUBLES, values, i - from)).castShape(FLOATS, 0))
          .intoArray(out, i);
    }

    for (; i < to; i++) {
      out[i] = (float) values[i - from];
    }
  }
}
