package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.DOUBLES;
import static io.sparknorm.kernels.Lanes.WIDTH;
import static io.sparknorm.kernels.Lanes.ZERO;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops over double precision with vectors of doubles; what is left over at the end of a run or
 * row goes through the plain loops.
 *
 * <p>Every vector is made, used and stored in one loop, by methods of the Vector API alone: the
 * compiler always takes these in. A method of ours it may leave out where a caller has grown large,
 * and then it allocates each vector that goes in or out.
 */
final class VectorDoubles extends ScalarDoubles {
  @Override
  public boolean anyNonFinite(double[] x) {
    int width = LongVector.SPECIES_PREFERRED.length();
    LongVector size = LongVector.broadcast(LongVector.SPECIES_PREFERRED, Long.MAX_VALUE);
    LongVector unit = LongVector.broadcast(LongVector.SPECIES_PREFERRED, EXPONENT_UNIT);
    LongVector reached = LongVector.zero(LongVector.SPECIES_PREFERRED);
    int i = 0;
    for (; i <= x.length - width; i += width) {
      LongVector bits =
          DoubleVector.fromArray(DoubleVector.SPECIES_PREFERRED, x, i).reinterpretAsLongs();
      reached = bits.and(size).add(unit).or(reached);
    }

    return LongVector.zero(LongVector.SPECIES_PREFERRED).or(reached).reduceLanes(VectorOperators.OR)
            < 0
        || anyNonFinite(x, i);
  }

  @Override
  public Extremes extremes(byte[] bytes, int length) {
    int width = ByteVector.SPECIES_PREFERRED.length();
    LongVector most = LongVector.broadcast(LongVector.SPECIES_PREFERRED, Long.MAX_VALUE);
    LongVector fewest = LongVector.broadcast(LongVector.SPECIES_PREFERRED, Long.MIN_VALUE);
    LongVector least = most;
    LongVector greatest = fewest;
    int at = 0;
    for (; at <= length - width; at += width) {
      LongVector bits =
          ByteVector.fromArray(ByteVector.SPECIES_PREFERRED, bytes, at).reinterpretAsLongs();
      LongVector key =
          bits.lanewise(VectorOperators.ASHR, 63).and(most).lanewise(VectorOperators.XOR, bits);
      least = key.min(least);
      greatest = key.max(greatest);
    }

    return extremes(
        bytes,
        at,
        length,
        most.min(least).reduceLanes(VectorOperators.MIN),
        fewest.max(greatest).reduceLanes(VectorOperators.MAX));
  }

  @Override
  public void sumDeviations(
      double[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    DoubleVector values = DoubleVector.broadcast(DOUBLES, value);
    int whole = to - (to - from) % LANES;
    int lane = 0;
    for (; lane <= LANES - 2 * WIDTH; lane += 2 * WIDTH) {
      DoubleVector sumA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector sumB = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareB = DoubleVector.broadcast(DOUBLES, 0);
      for (int i = from + lane; i < whole; i += LANES) {
        DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(values);
        sumA = a.add(sumA);
        squareA = a.mul(a).add(squareA);
        DoubleVector b = DoubleVector.fromArray(DOUBLES, x, i + WIDTH).sub(values);
        sumB = b.add(sumB);
        squareB = b.mul(b).add(squareB);
      }

      ZERO.add(sumA).intoArray(sums, at + lane);
      ZERO.add(squareA).intoArray(squares, at + lane);
      ZERO.add(sumB).intoArray(sums, at + lane + WIDTH);
      ZERO.add(squareB).intoArray(squares, at + lane + WIDTH);
    }

    for (; lane < LANES; lane += WIDTH) {
      DoubleVector sum = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector square = DoubleVector.broadcast(DOUBLES, 0);
      for (int i = from + lane; i < whole; i += LANES) {
        DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(values);
        sum = a.add(sum);
        square = a.mul(a).add(square);
      }

      ZERO.add(sum).intoArray(sums, at + lane);
      ZERO.add(square).intoArray(squares, at + lane);
    }

    addRestOfDeviations(x, whole, to, value, sums, squares, at);
  }

  @Override
  public void addRowDeviations(
      double[] x, int from, int to, double[] values, double[] sums, double[] squares) {
    int n = sums.length;
    int half = Loops.halfOfRows(to - from, n);
    int tile = Lanes.tile(n);
    for (int first = from; first < from + half; first += tile) {
      int last = Math.min(first + tile, from + half);
      int s = 0;
      for (; s <= n - 4 * WIDTH; s += 4 * WIDTH) {
        int sB = s + WIDTH;
        int sC = s + 2 * WIDTH;
        int sD = s + 3 * WIDTH;
        DoubleVector valueA = DoubleVector.fromArray(DOUBLES, values, s);
        DoubleVector sumA = DoubleVector.fromArray(DOUBLES, sums, s);
        DoubleVector squareA = DoubleVector.fromArray(DOUBLES, squares, s);
        DoubleVector valueB = DoubleVector.fromArray(DOUBLES, values, sB);
        DoubleVector sumB = DoubleVector.fromArray(DOUBLES, sums, sB);
        DoubleVector squareB = DoubleVector.fromArray(DOUBLES, squares, sB);
        DoubleVector valueC = DoubleVector.fromArray(DOUBLES, values, sC);
        DoubleVector sumC = DoubleVector.fromArray(DOUBLES, sums, sC);
        DoubleVector squareC = DoubleVector.fromArray(DOUBLES, squares, sC);
        DoubleVector valueD = DoubleVector.fromArray(DOUBLES, values, sD);
        DoubleVector sumD = DoubleVector.fromArray(DOUBLES, sums, sD);
        DoubleVector squareD = DoubleVector.fromArray(DOUBLES, squares, sD);
        for (int i = first + s, far = i + half; i < last; i += n, far += n) {
          DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(valueA);
          sumA = a.add(sumA);
          squareA = a.mul(a).add(squareA);
          DoubleVector aFar = DoubleVector.fromArray(DOUBLES, x, far).sub(valueA);
          sumA = aFar.add(sumA);
          squareA = aFar.mul(aFar).add(squareA);
          DoubleVector b = DoubleVector.fromArray(DOUBLES, x, i + WIDTH).sub(valueB);
          sumB = b.add(sumB);
          squareB = b.mul(b).add(squareB);
          DoubleVector bFar = DoubleVector.fromArray(DOUBLES, x, far + WIDTH).sub(valueB);
          sumB = bFar.add(sumB);
          squareB = bFar.mul(bFar).add(squareB);
          DoubleVector c = DoubleVector.fromArray(DOUBLES, x, i + 2 * WIDTH).sub(valueC);
          sumC = c.add(sumC);
          squareC = c.mul(c).add(squareC);
          DoubleVector cFar = DoubleVector.fromArray(DOUBLES, x, far + 2 * WIDTH).sub(valueC);
          sumC = cFar.add(sumC);
          squareC = cFar.mul(cFar).add(squareC);
          DoubleVector d = DoubleVector.fromArray(DOUBLES, x, i + 3 * WIDTH).sub(valueD);
          sumD = d.add(sumD);
          squareD = d.mul(d).add(squareD);
          DoubleVector dFar = DoubleVector.fromArray(DOUBLES, x, far + 3 * WIDTH).sub(valueD);
          sumD = dFar.add(sumD);
          squareD = dFar.mul(dFar).add(squareD);
        }

        ZERO.add(sumA).intoArray(sums, s);
        ZERO.add(squareA).intoArray(squares, s);
        ZERO.add(sumB).intoArray(sums, sB);
        ZERO.add(squareB).intoArray(squares, sB);
        ZERO.add(sumC).intoArray(sums, sC);
        ZERO.add(squareC).intoArray(squares, sC);
        ZERO.add(sumD).intoArray(sums, sD);
        ZERO.add(squareD).intoArray(squares, sD);
      }

      for (; s <= n - WIDTH; s += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, values, s);
        DoubleVector sum = DoubleVector.fromArray(DOUBLES, sums, s);
        DoubleVector square = DoubleVector.fromArray(DOUBLES, squares, s);
        for (int i = first + s; i < last; i += n) {
          DoubleVector a = DoubleVector.fromArray(DOUBLES, x, i).sub(value);
          sum = a.add(sum);
          square = a.mul(a).add(square);
          DoubleVector aFar = DoubleVector.fromArray(DOUBLES, x, i + half).sub(value);
          sum = aFar.add(sum);
          square = aFar.mul(aFar).add(square);
        }

        ZERO.add(sum).intoArray(sums, s);
        ZERO.add(square).intoArray(squares, s);
      }

      for (int row = first; row < last; row += n) {
        addDeviationsOfRow(x, row, s, values, sums, squares);
        addDeviationsOfRow(x, row + half, s, values, sums, squares);
      }
    }

    for (int row = from + 2 * half; row < to; row += n) {
      addDeviationsOfRow(x, row, 0, values, sums, squares);
    }
  }

  @Override
  public void mapRuns(
      double[] x, int from, int runs, int length, ShiftScale map, int c, double[] out) {
    for (int run = 0, i = from, end = from; run < runs; run++) {
      DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[c + run]);
      DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[c + run]);
      DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c + run]);
      for (end += length; i <= end - WIDTH; i += WIDTH) {
        DoubleVector y = DoubleVector.fromArray(DOUBLES, x, i).sub(shift).mul(scale).add(offset);
        y.intoArray(out, i);
      }

      mapRestOfRun(x, i, end, map, c + run, out);
      i = end;
    }
  }

  @Override
  public void mapRows(double[] x, int from, int to, ShiftScale map, double[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int n = shift.length;
    for (int row = from; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector deviation =
            DoubleVector.fromArray(DOUBLES, x, row + c)
                .sub(DoubleVector.fromArray(DOUBLES, shift, c));
        DoubleVector y =
            deviation
                .mul(DoubleVector.fromArray(DOUBLES, scale, c))
                .add(DoubleVector.fromArray(DOUBLES, offset, c));
        y.intoArray(out, row + c);
      }

      mapRestOfRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapRuns(
      double[] x, int from, int runs, int length, MaxDivision map, int c, double[] out) {
    if (!map.isPositive(c, c + runs)) {
      super.mapRuns(x, from, runs, length, map, c, out);
      return;
    }

    for (int run = 0, i = from, end = from; run < runs; run++) {
      DoubleVector floor = DoubleVector.broadcast(DOUBLES, map.floor()[c + run]);
      DoubleVector slope = DoubleVector.broadcast(DOUBLES, map.slope()[c + run]);
      DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c + run]);
      DoubleVector weight = DoubleVector.broadcast(DOUBLES, map.weight()[c + run]);
      DoubleVector bias = DoubleVector.broadcast(DOUBLES, map.bias()[c + run]);
      for (end += length; i <= end - WIDTH; i += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, x, i);
        DoubleVector divisor = floor.max(slope.mul(value).add(offset));
        DoubleVector y = value.div(divisor).mul(weight).add(bias);
        y.intoArray(out, i);
      }

      mapRestOfRun(x, i, end, map, c + run, out);
      i = end;
    }
  }

  @Override
  public void mapRows(double[] x, int from, int to, MaxDivision map, double[] out) {
    if (!map.isPositive(0, map.floor().length)) {
      super.mapRows(x, from, to, map, out);
      return;
    }

    double[] floor = map.floor();
    double[] slope = map.slope();
    double[] offset = map.offset();
    double[] weight = map.weight();
    double[] bias = map.bias();
    int n = floor.length;
    for (int row = from; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, x, row + c);
        DoubleVector line =
            DoubleVector.fromArray(DOUBLES, slope, c)
                .mul(value)
                .add(DoubleVector.fromArray(DOUBLES, offset, c));
        DoubleVector divisor = DoubleVector.fromArray(DOUBLES, floor, c).max(line);
        DoubleVector y =
            value
                .div(divisor)
                .mul(DoubleVector.fromArray(DOUBLES, weight, c))
                .add(DoubleVector.fromArray(DOUBLES, bias, c));
        y.intoArray(out, row + c);
      }

      mapRestOfRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapRuns(
      double[] x, int from, int runs, int length, GatedScale map, int c, double[] out) {
    for (int run = 0, i = from, end = from; run < runs; run++) {
      DoubleVector slope = DoubleVector.broadcast(DOUBLES, map.slope()[c + run]);
      DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[c + run]);
      DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c + run]);
      for (end += length; i <= end - WIDTH; i += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, x, i);
        DoubleVector z = slope.mul(value).neg();
        DoubleVector limited =
            z.blend(Lanes.LIMIT, z.compare(VectorOperators.GT, Lanes.LIMIT))
                .blend(Lanes.MINUS_LIMIT, z.compare(VectorOperators.LT, Lanes.MINUS_LIMIT));
        DoubleVector shifted = limited.mul(Lanes.LOG2_E).add(Lanes.ROUNDER);
        DoubleVector k = shifted.sub(Lanes.ROUNDER);
        DoubleVector r = limited.sub(k.mul(Lanes.LN2_HIGH)).sub(k.mul(Lanes.LN2_LOW));
        DoubleVector r2 = r.mul(r);
        DoubleVector even = r2.mul(Lanes.C10).add(Lanes.C8).mul(r2).add(Lanes.C6);
        DoubleVector odd = r2.mul(Lanes.C11).add(Lanes.C9).mul(r2).add(Lanes.C7);
        DoubleVector lowerEven = even.mul(r2).add(Lanes.C4).mul(r2).add(Lanes.C2);
        DoubleVector lowerOdd = odd.mul(r2).add(Lanes.C5).mul(r2).add(Lanes.C3);
        DoubleVector power = lowerOdd.mul(r).add(lowerEven).mul(r2).add(r).add(Lanes.ONE);
        LongVector bits = shifted.reinterpretAsLongs().max(Lanes.LOWEST_BITS);
        LongVector exponent =
            bits.add(Lanes.EXPONENT_BIAS).lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
        DoubleVector e = power.mul(exponent.reinterpretAsDoubles()).mul(Lanes.TWO_TO_64);
        DoubleVector y = value.div(e.add(Lanes.ONE)).mul(scale).add(offset);
        y.intoArray(out, i);
      }

      mapRestOfRun(x, i, end, map, c + run, out);
      i = end;
    }
  }

  @Override
  public void mapRows(double[] x, int from, int to, GatedScale map, double[] out) {
    double[] slope = map.slope();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int n = slope.length;
    for (int row = from; row < to; row += n) {
      int c = 0;
      for (; c <= n - WIDTH; c += WIDTH) {
        DoubleVector value = DoubleVector.fromArray(DOUBLES, x, row + c);
        DoubleVector z = DoubleVector.fromArray(DOUBLES, slope, c).mul(value).neg();
        DoubleVector limited =
            z.blend(Lanes.LIMIT, z.compare(VectorOperators.GT, Lanes.LIMIT))
                .blend(Lanes.MINUS_LIMIT, z.compare(VectorOperators.LT, Lanes.MINUS_LIMIT));
        DoubleVector shifted = limited.mul(Lanes.LOG2_E).add(Lanes.ROUNDER);
        DoubleVector k = shifted.sub(Lanes.ROUNDER);
        DoubleVector r = limited.sub(k.mul(Lanes.LN2_HIGH)).sub(k.mul(Lanes.LN2_LOW));
        DoubleVector r2 = r.mul(r);
        DoubleVector even = r2.mul(Lanes.C10).add(Lanes.C8).mul(r2).add(Lanes.C6);
        DoubleVector odd = r2.mul(Lanes.C11).add(Lanes.C9).mul(r2).add(Lanes.C7);
        DoubleVector lowerEven = even.mul(r2).add(Lanes.C4).mul(r2).add(Lanes.C2);
        DoubleVector lowerOdd = odd.mul(r2).add(Lanes.C5).mul(r2).add(Lanes.C3);
        DoubleVector power = lowerOdd.mul(r).add(lowerEven).mul(r2).add(r).add(Lanes.ONE);
        LongVector bits = shifted.reinterpretAsLongs().max(Lanes.LOWEST_BITS);
        LongVector exponent =
            bits.add(Lanes.EXPONENT_BIAS).lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
        DoubleVector e = power.mul(exponent.reinterpretAsDoubles()).mul(Lanes.TWO_TO_64);
        DoubleVector gated = value.div(e.add(Lanes.ONE));
        DoubleVector y =
            gated
                .mul(DoubleVector.fromArray(DOUBLES, scale, c))
                .add(DoubleVector.fromArray(DOUBLES, offset, c));
        y.intoArray(out, row + c);
      }

      mapRestOfRow(x, row, c, map, out);
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
      DoubleVector standard =
          DoubleVector.fromArray(DOUBLES, x, from + i).sub(shift).mul(scale).add(offset);
      DoubleVector y =
          standard
              .mul(DoubleVector.fromArray(DOUBLES, weight, i))
              .add(DoubleVector.fromArray(DOUBLES, bias, i));
      y.intoArray(out, from + i);
    }

    mapRestOfBlock(x, from, map, k, i, out);
  }

  /** The steps of {@link Sigmoid#divisor}. */
  @Override
  public void gate(double[] x, double[] t, int n, double[] y) {
    int i = 0;
    for (; i <= n - WIDTH; i += WIDTH) {
      DoubleVector z = DoubleVector.fromArray(DOUBLES, t, i).neg();
      DoubleVector limited =
          z.blend(Lanes.LIMIT, z.compare(VectorOperators.GT, Lanes.LIMIT))
              .blend(Lanes.MINUS_LIMIT, z.compare(VectorOperators.LT, Lanes.MINUS_LIMIT));
      DoubleVector shifted = limited.mul(Lanes.LOG2_E).add(Lanes.ROUNDER);
      DoubleVector k = shifted.sub(Lanes.ROUNDER);
      DoubleVector r = limited.sub(k.mul(Lanes.LN2_HIGH)).sub(k.mul(Lanes.LN2_LOW));
      DoubleVector r2 = r.mul(r);
      DoubleVector even = r2.mul(Lanes.C10).add(Lanes.C8).mul(r2).add(Lanes.C6);
      DoubleVector odd = r2.mul(Lanes.C11).add(Lanes.C9).mul(r2).add(Lanes.C7);
      DoubleVector lowerEven = even.mul(r2).add(Lanes.C4).mul(r2).add(Lanes.C2);
      DoubleVector lowerOdd = odd.mul(r2).add(Lanes.C5).mul(r2).add(Lanes.C3);
      DoubleVector power = lowerOdd.mul(r).add(lowerEven).mul(r2).add(r).add(Lanes.ONE);
      LongVector bits = shifted.reinterpretAsLongs().max(Lanes.LOWEST_BITS);
      LongVector exponent =
          bits.add(Lanes.EXPONENT_BIAS).lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT);
      DoubleVector e = power.mul(exponent.reinterpretAsDoubles()).mul(Lanes.TWO_TO_64);
      DoubleVector.fromArray(DOUBLES, x, i).div(e.add(Lanes.ONE)).intoArray(y, i);
    }

    for (; i < n; i++) {
      y[i] = x[i] / Sigmoid.divisor(t[i]);
    }
  }
}
