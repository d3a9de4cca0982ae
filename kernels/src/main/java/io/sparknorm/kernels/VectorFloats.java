package io.sparknorm.kernels;

import static io.sparknorm.kernels.Lanes.DOUBLES;
import static io.sparknorm.kernels.Lanes.FLOATS;
import static io.sparknorm.kernels.Lanes.WIDTH;
import static io.sparknorm.kernels.Lanes.ZERO;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops over single precision with vectors of doubles; what is left over at the end of a run or
 * row goes through the plain loops.
 *
 * <p>Every vector is made, used and stored in one loop, by methods of the Vector API alone: the
 * compiler takes these in, but for {@code castShape}, as long as the caller is neither large nor
 * deep within others (see {@link Apart}). What it leaves out allocates each vector that goes in or
 * out.
 */
final class VectorFloats extends ScalarFloats {
  /** As many runs as have their partial sums in four vectors: one, two or four. */
  private static final int TOGETHER = 4 * WIDTH / LANES;

  /** Longer runs are worth a loop of their own, with their coefficients in registers. */
  private static final int SHORT_RUN = 64;

  @Override
  public boolean anyNonFinite(float[] x) {
    int width = IntVector.SPECIES_PREFERRED.length();
    IntVector size = IntVector.broadcast(IntVector.SPECIES_PREFERRED, Integer.MAX_VALUE);
    IntVector unit = IntVector.broadcast(IntVector.SPECIES_PREFERRED, EXPONENT_UNIT);
    IntVector reached = IntVector.zero(IntVector.SPECIES_PREFERRED);
    int i = 0;
    for (; i <= x.length - width; i += width) {
      IntVector bits =
          FloatVector.fromArray(FloatVector.SPECIES_PREFERRED, x, i).reinterpretAsInts();
      reached = bits.and(size).add(unit).or(reached);
    }

    return IntVector.zero(IntVector.SPECIES_PREFERRED).or(reached).reduceLanes(VectorOperators.OR)
            < 0
        || anyNonFinite(x, i);
  }

  @Override
  public Extremes extremes(byte[] bytes, int length) {
    int width = ByteVector.SPECIES_PREFERRED.length();
    IntVector most = IntVector.broadcast(IntVector.SPECIES_PREFERRED, Integer.MAX_VALUE);
    IntVector fewest = IntVector.broadcast(IntVector.SPECIES_PREFERRED, Integer.MIN_VALUE);
    IntVector least = most;
    IntVector greatest = fewest;
    int at = 0;
    for (; at <= length - width; at += width) {
      IntVector bits =
          ByteVector.fromArray(ByteVector.SPECIES_PREFERRED, bytes, at).reinterpretAsInts();
      IntVector key =
          bits.lanewise(VectorOperators.ASHR, 31).and(most).lanewise(VectorOperators.XOR, bits);
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
      float[] x, int from, int to, double value, double[] sums, double[] squares, int at) {
    DoubleVector values = DoubleVector.broadcast(DOUBLES, value);
    int whole = to - (to - from) % LANES;
    int lane = 0;
    for (; lane <= LANES - 2 * WIDTH; lane += 2 * WIDTH) {
      DoubleVector sumA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector sumB = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareA = DoubleVector.broadcast(DOUBLES, 0);
      DoubleVector squareB = DoubleVector.broadcast(DOUBLES, 0);
      for (int i = from + lane; i < whole; i += LANES) {
        DoubleVector a =
            ((DoubleVector)
                    FloatVector.fromArray(FLOATS, x, i)
                        .convertShape(VectorOperators.F2D, DOUBLES, 0))
                .sub(values);
        sumA = a.add(sumA);
        squareA = a.mul(a).add(squareA);
        DoubleVector b =
            ((DoubleVector)
                    FloatVector.fromArray(FLOATS, x, i + WIDTH)
                        .convertShape(VectorOperators.F2D, DOUBLES, 0))
                .sub(values);
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
        DoubleVector a =
            ((DoubleVector)
                    FloatVector.fromArray(FLOATS, x, i)
                        .convertShape(VectorOperators.F2D, DOUBLES, 0))
                .sub(values);
        sum = a.add(sum);
        square = a.mul(a).add(square);
      }

      ZERO.add(sum).intoArray(sums, at + lane);
      ZERO.add(square).intoArray(squares, at + lane);
    }

    addRestOfDeviations(x, whole, to, value, sums, squares, at);
  }

  @Override
  public int together() {
    return TOGETHER;
  }

  @Override
  public void sumDeviationsTogether(
      float[] x,
      int from,
      int length,
      int apart,
      double[] values,
      int value,
      double[] sums,
      double[] squares,
      int at) {
    // Four vectors: the partial sums of the runs one after the other, as far as they are wide.
    int runB = WIDTH / LANES * apart;
    int runC = (2 * WIDTH) / LANES * apart;
    int runD = (3 * WIDTH) / LANES * apart;
    int fromB = from + runB * length + WIDTH % LANES;
    int fromC = from + runC * length + (2 * WIDTH) % LANES;
    int fromD = from + runD * length + (3 * WIDTH) % LANES;
    DoubleVector valueA = DoubleVector.broadcast(DOUBLES, values[value]);
    DoubleVector valueB = DoubleVector.broadcast(DOUBLES, values[value + runB]);
    DoubleVector valueC = DoubleVector.broadcast(DOUBLES, values[value + runC]);
    DoubleVector valueD = DoubleVector.broadcast(DOUBLES, values[value + runD]);
    DoubleVector sumA = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector sumB = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector sumC = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector sumD = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector squareA = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector squareB = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector squareC = DoubleVector.broadcast(DOUBLES, 0);
    DoubleVector squareD = DoubleVector.broadcast(DOUBLES, 0);
    int whole = length - length % LANES;
    for (int i = 0; i < whole; i += LANES) {
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, from + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(valueA);
      sumA = a.add(sumA);
      squareA = a.mul(a).add(squareA);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(valueB);
      sumB = b.add(sumB);
      squareB = b.mul(b).add(squareB);
      DoubleVector c =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromC + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(valueC);
      sumC = c.add(sumC);
      squareC = c.mul(c).add(squareC);
      DoubleVector d =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromD + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(valueD);
      sumD = d.add(sumD);
      squareD = d.mul(d).add(squareD);
    }

    ZERO.add(sumA).intoArray(sums, at);
    ZERO.add(squareA).intoArray(squares, at);
    ZERO.add(sumB).intoArray(sums, at + WIDTH);
    ZERO.add(squareB).intoArray(squares, at + WIDTH);
    ZERO.add(sumC).intoArray(sums, at + 2 * WIDTH);
    ZERO.add(squareC).intoArray(squares, at + 2 * WIDTH);
    ZERO.add(sumD).intoArray(sums, at + 3 * WIDTH);
    ZERO.add(squareD).intoArray(squares, at + 3 * WIDTH);
    for (int run = 0; run < TOGETHER; run++) {
      int start = from + run * apart * length;
      double of = values[value + run * apart];
      addRestOfDeviations(x, start + whole, start + length, of, sums, squares, at + run * LANES);
    }
  }

  @Override
  public void addRowDeviations(
      float[] x, int from, int to, double[] values, double[] sums, double[] squares) {
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
          DoubleVector a =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueA);
          sumA = a.add(sumA);
          squareA = a.mul(a).add(squareA);
          DoubleVector aFar =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, far)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueA);
          sumA = aFar.add(sumA);
          squareA = aFar.mul(aFar).add(squareA);
          DoubleVector b =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i + WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueB);
          sumB = b.add(sumB);
          squareB = b.mul(b).add(squareB);
          DoubleVector bFar =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, far + WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueB);
          sumB = bFar.add(sumB);
          squareB = bFar.mul(bFar).add(squareB);
          DoubleVector c =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i + 2 * WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueC);
          sumC = c.add(sumC);
          squareC = c.mul(c).add(squareC);
          DoubleVector cFar =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, far + 2 * WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueC);
          sumC = cFar.add(sumC);
          squareC = cFar.mul(cFar).add(squareC);
          DoubleVector d =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i + 3 * WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueD);
          sumD = d.add(sumD);
          squareD = d.mul(d).add(squareD);
          DoubleVector dFar =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, far + 3 * WIDTH)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(valueD);
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
          DoubleVector a =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(value);
          sum = a.add(sum);
          square = a.mul(a).add(square);
          DoubleVector aFar =
              ((DoubleVector)
                      FloatVector.fromArray(FLOATS, x, i + half)
                          .convertShape(VectorOperators.F2D, DOUBLES, 0))
                  .sub(value);
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
      float[] x, int from, int runs, int length, ShiftScale map, int c, float[] out) {
    if (length % WIDTH == 0 && length <= SHORT_RUN) {
      mapShortRuns(x, from, runs, length, map, c, out);
      return;
    }

    int quarter = runs / 4;
    for (int run = 0; run < quarter; run++) {
      mapFourRuns(x, from + run * length, length, quarter, map, c + run, out);
    }

    int rest = 4 * quarter;
    if (runs - rest > 1) {
      mapTwoRuns(x, from + rest * length, length, map, c + rest, out);
      rest += 2;
    }

    if (runs > rest) {
      mapRun(x, from + rest * length, length, map, c + rest, out);
    }
  }

  /** Maps a run and three after it, each as many runs apart. */
  private static void mapFourRuns(
      float[] x, int fromA, int length, int apart, ShiftScale map, int cA, float[] out) {
    int fromB = fromA + apart * length;
    int fromC = fromB + apart * length;
    int fromD = fromC + apart * length;
    int cB = cA + apart;
    int cC = cB + apart;
    int cD = cC + apart;
    DoubleVector shiftA = DoubleVector.broadcast(DOUBLES, map.shift()[cA]);
    DoubleVector scaleA = DoubleVector.broadcast(DOUBLES, map.scale()[cA]);
    DoubleVector offsetA = DoubleVector.broadcast(DOUBLES, map.offset()[cA]);
    DoubleVector shiftB = DoubleVector.broadcast(DOUBLES, map.shift()[cB]);
    DoubleVector scaleB = DoubleVector.broadcast(DOUBLES, map.scale()[cB]);
    DoubleVector offsetB = DoubleVector.broadcast(DOUBLES, map.offset()[cB]);
    DoubleVector shiftC = DoubleVector.broadcast(DOUBLES, map.shift()[cC]);
    DoubleVector scaleC = DoubleVector.broadcast(DOUBLES, map.scale()[cC]);
    DoubleVector offsetC = DoubleVector.broadcast(DOUBLES, map.offset()[cC]);
    DoubleVector shiftD = DoubleVector.broadcast(DOUBLES, map.shift()[cD]);
    DoubleVector scaleD = DoubleVector.broadcast(DOUBLES, map.scale()[cD]);
    DoubleVector offsetD = DoubleVector.broadcast(DOUBLES, map.offset()[cD]);
    int whole = length - length % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromA + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftA)
              .mul(scaleA)
              .add(offsetA);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftB)
              .mul(scaleB)
              .add(offsetB);
      DoubleVector c =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromC + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftC)
              .mul(scaleC)
              .add(offsetC);
      DoubleVector d =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromD + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftD)
              .mul(scaleD)
              .add(offsetD);
      ((FloatVector) a.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromA + i);
      ((FloatVector) b.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromB + i);
      ((FloatVector) c.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromC + i);
      ((FloatVector) d.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromD + i);
    }

    mapRestOfRun(x, fromA + whole, fromA + length, map, cA, out);
    mapRestOfRun(x, fromB + whole, fromB + length, map, cB, out);
    mapRestOfRun(x, fromC + whole, fromC + length, map, cC, out);
    mapRestOfRun(x, fromD + whole, fromD + length, map, cD, out);
  }

  /** Maps a run and the next. */
  private static void mapTwoRuns(
      float[] x, int fromA, int length, ShiftScale map, int cA, float[] out) {
    int fromB = fromA + length;
    int cB = cA + 1;
    DoubleVector shiftA = DoubleVector.broadcast(DOUBLES, map.shift()[cA]);
    DoubleVector scaleA = DoubleVector.broadcast(DOUBLES, map.scale()[cA]);
    DoubleVector offsetA = DoubleVector.broadcast(DOUBLES, map.offset()[cA]);
    DoubleVector shiftB = DoubleVector.broadcast(DOUBLES, map.shift()[cB]);
    DoubleVector scaleB = DoubleVector.broadcast(DOUBLES, map.scale()[cB]);
    DoubleVector offsetB = DoubleVector.broadcast(DOUBLES, map.offset()[cB]);
    int whole = length - length % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromA + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftA)
              .mul(scaleA)
              .add(offsetA);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftB)
              .mul(scaleB)
              .add(offsetB);
      ((FloatVector) a.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromA + i);
      ((FloatVector) b.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromB + i);
    }

    mapRestOfRun(x, fromA + whole, fromA + length, map, cA, out);
    mapRestOfRun(x, fromB + whole, fromB + length, map, cB, out);
  }

  private static void mapRun(float[] x, int from, int length, ShiftScale map, int c, float[] out) {
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[c]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[c]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[c]);
    int whole = length - length % WIDTH;
    for (int i = from; i < from + whole; i += WIDTH) {
      DoubleVector y =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shift)
              .mul(scale)
              .add(offset);
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, i);
    }

    mapRestOfRun(x, from + whole, from + length, map, c, out);
  }

  /** One loop over all runs of whole vectors: to enter it takes as long as several of them. */
  private static void mapShortRuns(
      float[] x, int from, int runs, int length, ShiftScale map, int c, float[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int last = length == 0 ? c : c + runs;
    for (int k = c, i = from, end = from + length; k < last; ) {
      DoubleVector deviation =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(DoubleVector.broadcast(DOUBLES, shift[k]));
      DoubleVector y =
          deviation
              .mul(DoubleVector.broadcast(DOUBLES, scale[k]))
              .add(DoubleVector.broadcast(DOUBLES, offset[k]));
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, i);
      i += WIDTH;
      if (i == end) {
        k++;
        end += length;
      }
    }
  }

  /** A row of each quarter in one loop, which reads the map once for all four. */
  @Override
  public void mapRows(float[] x, int from, int to, ShiftScale map, float[] out) {
    int n = map.shift().length;
    int quarter = (to - from) / n / 4 * n;
    for (int row = from; row < from + quarter; row += n) {
      mapFourRows(x, row, quarter, map, out);
    }

    for (int row = from + 4 * quarter; row < to; row += n) {
      mapRow(x, row, map, out);
    }
  }

  /** Maps a row and three after it, each a distance apart. */
  private static void mapFourRows(float[] x, int rowA, int apart, ShiftScale map, float[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int rowB = rowA + apart;
    int rowC = rowB + apart;
    int rowD = rowC + apart;
    int whole = shift.length - shift.length % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector shifts = DoubleVector.fromArray(DOUBLES, shift, i);
      DoubleVector scales = DoubleVector.fromArray(DOUBLES, scale, i);
      DoubleVector offsets = DoubleVector.fromArray(DOUBLES, offset, i);
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, rowA + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shifts)
              .mul(scales)
              .add(offsets);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, rowB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shifts)
              .mul(scales)
              .add(offsets);
      DoubleVector c =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, rowC + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shifts)
              .mul(scales)
              .add(offsets);
      DoubleVector d =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, rowD + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shifts)
              .mul(scales)
              .add(offsets);
      ((FloatVector) a.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, rowA + i);
      ((FloatVector) b.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, rowB + i);
      ((FloatVector) c.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, rowC + i);
      ((FloatVector) d.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, rowD + i);
    }

    mapRestOfRow(x, rowA, whole, map, out);
    mapRestOfRow(x, rowB, whole, map, out);
    mapRestOfRow(x, rowC, whole, map, out);
    mapRestOfRow(x, rowD, whole, map, out);
  }

  private static void mapRow(float[] x, int row, ShiftScale map, float[] out) {
    double[] shift = map.shift();
    double[] scale = map.scale();
    double[] offset = map.offset();
    int whole = shift.length - shift.length % WIDTH;
    for (int c = 0; c < whole; c += WIDTH) {
      DoubleVector y =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, row + c)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(DoubleVector.fromArray(DOUBLES, shift, c))
              .mul(DoubleVector.fromArray(DOUBLES, scale, c))
              .add(DoubleVector.fromArray(DOUBLES, offset, c));
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, row + c);
    }

    mapRestOfRow(x, row, whole, map, out);
  }

  @Override
  public void mapRuns(
      float[] x, int from, int runs, int length, MaxDivision map, int c, float[] out) {
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
        DoubleVector value =
            (DoubleVector)
                FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0);
        DoubleVector divisor = floor.max(slope.mul(value).add(offset));
        DoubleVector y = value.div(divisor).mul(weight).add(bias);
        ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, i);
      }

      mapRestOfRun(x, i, end, map, c + run, out);
      i = end;
    }
  }

  @Override
  public void mapRows(float[] x, int from, int to, MaxDivision map, float[] out) {
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
        DoubleVector value =
            (DoubleVector)
                FloatVector.fromArray(FLOATS, x, row + c)
                    .convertShape(VectorOperators.F2D, DOUBLES, 0);
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
        ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, row + c);
      }

      mapRestOfRow(x, row, c, map, out);
    }
  }

  @Override
  public void mapRuns(
      float[] x, int from, int runs, int length, GatedScale map, int c, float[] out) {
    VectorGates.mapRuns(x, from, runs, length, map, c, out);
  }

  @Override
  public void mapRows(float[] x, int from, int to, GatedScale map, float[] out) {
    VectorGates.mapRows(x, from, to, map, out);
  }

  @Override
  public void mapBlock(float[] x, int from, BlockScale map, int k, float[] out) {
    DoubleVector shift = DoubleVector.broadcast(DOUBLES, map.shift()[k]);
    DoubleVector scale = DoubleVector.broadcast(DOUBLES, map.scale()[k]);
    DoubleVector offset = DoubleVector.broadcast(DOUBLES, map.offset()[k]);
    double[] weight = map.weight();
    double[] bias = map.bias();
    int whole = weight.length - weight.length % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector standard =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, from + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shift)
              .mul(scale)
              .add(offset);
      DoubleVector y =
          standard
              .mul(DoubleVector.fromArray(DOUBLES, weight, i))
              .add(DoubleVector.fromArray(DOUBLES, bias, i));
      ((FloatVector) y.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, from + i);
    }

    mapRestOfBlock(x, from, map, k, whole, out);
  }

  /** A block of each quarter in one loop, which reads weight and bias once for all four. */
  @Override
  public void mapBlocks(float[] x, int from, BlockScale map, float[] out) {
    int block = map.weight().length;
    int quarter = map.scale().length / 4;
    for (int k = 0; k < quarter; k++) {
      mapFourBlocks(x, from + k * block, quarter, map, k, out);
    }

    int rest = 4 * quarter;
    if (map.scale().length - rest > 1) {
      mapTwoBlocks(x, from + rest * block, map, rest, out);
      rest += 2;
    }

    if (map.scale().length > rest) {
      mapBlock(x, from + rest * block, map, rest, out);
    }
  }

  /** Maps a block and three after it, each as many blocks apart. */
  private static void mapFourBlocks(
      float[] x, int fromA, int apart, BlockScale map, int kA, float[] out) {
    double[] weight = map.weight();
    double[] bias = map.bias();
    int block = weight.length;
    int fromB = fromA + apart * block;
    int fromC = fromB + apart * block;
    int fromD = fromC + apart * block;
    int kB = kA + apart;
    int kC = kB + apart;
    int kD = kC + apart;
    DoubleVector shiftA = DoubleVector.broadcast(DOUBLES, map.shift()[kA]);
    DoubleVector scaleA = DoubleVector.broadcast(DOUBLES, map.scale()[kA]);
    DoubleVector offsetA = DoubleVector.broadcast(DOUBLES, map.offset()[kA]);
    DoubleVector shiftB = DoubleVector.broadcast(DOUBLES, map.shift()[kB]);
    DoubleVector scaleB = DoubleVector.broadcast(DOUBLES, map.scale()[kB]);
    DoubleVector offsetB = DoubleVector.broadcast(DOUBLES, map.offset()[kB]);
    DoubleVector shiftC = DoubleVector.broadcast(DOUBLES, map.shift()[kC]);
    DoubleVector scaleC = DoubleVector.broadcast(DOUBLES, map.scale()[kC]);
    DoubleVector offsetC = DoubleVector.broadcast(DOUBLES, map.offset()[kC]);
    DoubleVector shiftD = DoubleVector.broadcast(DOUBLES, map.shift()[kD]);
    DoubleVector scaleD = DoubleVector.broadcast(DOUBLES, map.scale()[kD]);
    DoubleVector offsetD = DoubleVector.broadcast(DOUBLES, map.offset()[kD]);
    int whole = block - block % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector weights = DoubleVector.fromArray(DOUBLES, weight, i);
      DoubleVector biases = DoubleVector.fromArray(DOUBLES, bias, i);
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromA + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftA)
              .mul(scaleA)
              .add(offsetA)
              .mul(weights)
              .add(biases);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftB)
              .mul(scaleB)
              .add(offsetB)
              .mul(weights)
              .add(biases);
      DoubleVector c =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromC + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftC)
              .mul(scaleC)
              .add(offsetC)
              .mul(weights)
              .add(biases);
      DoubleVector d =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromD + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftD)
              .mul(scaleD)
              .add(offsetD)
              .mul(weights)
              .add(biases);
      ((FloatVector) a.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromA + i);
      ((FloatVector) b.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromB + i);
      ((FloatVector) c.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromC + i);
      ((FloatVector) d.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromD + i);
    }

    mapRestOfBlock(x, fromA, map, kA, whole, out);
    mapRestOfBlock(x, fromB, map, kB, whole, out);
    mapRestOfBlock(x, fromC, map, kC, whole, out);
    mapRestOfBlock(x, fromD, map, kD, whole, out);
  }

  /** Maps a block and the next. */
  private static void mapTwoBlocks(float[] x, int fromA, BlockScale map, int kA, float[] out) {
    double[] weight = map.weight();
    double[] bias = map.bias();
    int block = weight.length;
    int fromB = fromA + block;
    int kB = kA + 1;
    DoubleVector shiftA = DoubleVector.broadcast(DOUBLES, map.shift()[kA]);
    DoubleVector scaleA = DoubleVector.broadcast(DOUBLES, map.scale()[kA]);
    DoubleVector offsetA = DoubleVector.broadcast(DOUBLES, map.offset()[kA]);
    DoubleVector shiftB = DoubleVector.broadcast(DOUBLES, map.shift()[kB]);
    DoubleVector scaleB = DoubleVector.broadcast(DOUBLES, map.scale()[kB]);
    DoubleVector offsetB = DoubleVector.broadcast(DOUBLES, map.offset()[kB]);
    int whole = block - block % WIDTH;
    for (int i = 0; i < whole; i += WIDTH) {
      DoubleVector weights = DoubleVector.fromArray(DOUBLES, weight, i);
      DoubleVector biases = DoubleVector.fromArray(DOUBLES, bias, i);
      DoubleVector a =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromA + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftA)
              .mul(scaleA)
              .add(offsetA)
              .mul(weights)
              .add(biases);
      DoubleVector b =
          ((DoubleVector)
                  FloatVector.fromArray(FLOATS, x, fromB + i)
                      .convertShape(VectorOperators.F2D, DOUBLES, 0))
              .sub(shiftB)
              .mul(scaleB)
              .add(offsetB)
              .mul(weights)
              .add(biases);
      ((FloatVector) a.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromA + i);
      ((FloatVector) b.convertShape(VectorOperators.D2F, FLOATS, 0)).intoArray(out, fromB + i);
    }

    mapRestOfBlock(x, fromA, map, kA, whole, out);
    mapRestOfBlock(x, fromB, map, kB, whole, out);
  }

  @Override
  public void gate(double[] x, double[] t, int n, double[] y) {
    VectorGates.gate(x, t, n, y);
  }

  @Override
  public void widen(float[] x, int from, int to, double[] values) {
    int i = from;
    for (; i <= to - WIDTH; i += WIDTH) {
      ((DoubleVector)
              FloatVector.fromArray(FLOATS, x, i).convertShape(VectorOperators.F2D, DOUBLES, 0))
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
      ((FloatVector)
              (DoubleVector.fromArray(DOUBLES, values, i - from))
                  .convertShape(VectorOperators.D2F, FLOATS, 0))
          .intoArray(out, i);
    }

    for (; i < to; i++) {
      out[i] = (float) values[i - from];
    }
  }
}
