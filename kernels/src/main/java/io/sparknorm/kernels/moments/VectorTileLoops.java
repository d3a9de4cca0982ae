package io.sparknorm.kernels.moments;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Vector API. Accumulators stay in registers over all rows; each loop is a method of its own,
 * of a size that the compiler takes well. Processors with vectors of four doubles have a fused
 * multiply-add, which rounds nothing here that separate steps would not.
 *
 * <p>A loop's variables are arguments of methods of vectors just loaded or constant, never
 * receivers: so the compiler knows all classes, and leaves no vector on the heap.
 */
final class VectorTileLoops implements TileLoops {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final VectorShape HALF = VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2);
  private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, HALF);

  /** Vectors of as many lanes as two of doubles have. */
  private static final VectorSpecies<Float> WIDE_FLOATS = FloatVector.SPECIES_PREFERRED;

  private static final VectorSpecies<Integer> WIDE_INTS = IntVector.SPECIES_PREFERRED;

  private static final DoubleVector ZERO = DoubleVector.zero(DOUBLES);
  private static final IntVector ZERO_INTS = IntVector.zero(WIDE_INTS);
  private static final LongVector ZERO_LONGS = LongVector.zero(LONGS);

  private static final int FRACTION_WIDTH = 52;

  /** Below this many lanes the Vector API costs more than it saves. */
  private static final int LEAST_LANES = 4;

  static boolean isFast() {
    return DOUBLES.length() >= LEAST_LANES;
  }

  @Override
  public void add(
      float[] x, int from, int stride, int rows, double[][] parts, double[][] sums, int[] least) {
    for (int lane = 0; lane < TILE; lane += 2 * DOUBLES.length()) {
      addFloats(x, from + lane, stride, rows, parts, sums, least, lane);
    }
  }

  private static void addFloats(
      float[] x,
      int from,
      int stride,
      int rows,
      double[][] parts,
      double[][] sums,
      int[] least,
      int lane) {
    double[] q1 = parts[0];
    double[] q2 = parts[1];
    double[] s = parts[2];
    int lanes = DOUBLES.length();
    IntVector magnitude = IntVector.broadcast(WIDE_INTS, FloatFront.MAGNITUDE);
    DoubleVector a0 = DoubleVector.fromArray(DOUBLES, q1, lane);
    DoubleVector a1 = DoubleVector.fromArray(DOUBLES, q1, lane + lanes);
    DoubleVector b0 = DoubleVector.fromArray(DOUBLES, q2, lane);
    DoubleVector b1 = DoubleVector.fromArray(DOUBLES, q2, lane + lanes);
    DoubleVector s0 = DoubleVector.fromArray(DOUBLES, s, lane);
    DoubleVector s1 = DoubleVector.fromArray(DOUBLES, s, lane + lanes);
    IntVector m = IntVector.fromArray(WIDE_INTS, least, lane);
    for (int r = 0, at = from; r < rows; r++, at += stride) {
      IntVector bits = FloatVector.fromArray(WIDE_FLOATS, x, at).reinterpretAsInts();
      m = bits.and(magnitude).add(magnitude).min(m);

      DoubleVector v0 =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, at).convertShape(VectorOperators.F2D, DOUBLES, 0);
      DoubleVector v1 =
          (DoubleVector)
              FloatVector.fromArray(FLOATS, x, at + lanes)
                  .convertShape(VectorOperators.F2D, DOUBLES, 0);
      s0 = v0.add(s0);
      s1 = v1.add(s1);

      DoubleVector u0 = v0.fma(v0, a0);
      DoubleVector u1 = v1.fma(v1, a1);
      b0 = v0.fma(v0, u0.neg().add(a0)).add(b0);
      b1 = v1.fma(v1, u1.neg().add(a1)).add(b1);
      a0 = u0;
      a1 = u1;
    }

    ZERO.add(a0).intoArray(sums[0], lane);
    ZERO.add(a1).intoArray(sums[0], lane + lanes);
    ZERO.add(b0).intoArray(sums[1], lane);
    ZERO.add(b1).intoArray(sums[1], lane + lanes);
    ZERO.add(s0).intoArray(sums[2], lane);
    ZERO.add(s1).intoArray(sums[2], lane + lanes);
    ZERO_INTS.or(m).intoArray(least, lane);
  }

  @Override
  public void add(
      double[] x, int from, int stride, int rows, double[][] parts, double[][] sums, long[] least) {
    for (int lane = 0; lane < TILE; lane += DOUBLES.length()) {
      addDoubles(x, from + lane, stride, rows, parts, sums, least, lane);
    }
  }

  private static void addDoubles(
      double[] x,
      int from,
      int stride,
      int rows,
      double[][] parts,
      double[][] sums,
      long[] least,
      int lane) {
    LongVector magnitude = LongVector.broadcast(LONGS, DoubleFront.MAGNITUDE);
    DoubleVector q1 = DoubleVector.fromArray(DOUBLES, parts[0], lane);
    DoubleVector q2 = DoubleVector.fromArray(DOUBLES, parts[1], lane);
    DoubleVector e1 = DoubleVector.fromArray(DOUBLES, parts[2], lane);
    DoubleVector e2 = DoubleVector.fromArray(DOUBLES, parts[3], lane);
    DoubleVector s1 = DoubleVector.fromArray(DOUBLES, parts[4], lane);
    DoubleVector s2 = DoubleVector.fromArray(DOUBLES, parts[5], lane);
    LongVector m = LongVector.fromArray(LONGS, least, lane);
    for (int r = 0, at = from; r < rows; r++, at += stride) {
      DoubleVector v = DoubleVector.fromArray(DOUBLES, x, at);
      m = v.reinterpretAsLongs().and(magnitude).add(magnitude).min(m);

      DoubleVector square = v.mul(v);
      DoubleVector after = square.add(q1);
      q2 = square.sub(after.sub(q1)).add(q2);
      q1 = after;

      DoubleVector lost = v.fma(v, square.neg());
      after = lost.add(e1);
      e2 = lost.sub(after.sub(e1)).add(e2);
      e1 = after;

      after = v.add(s1);
      s2 = v.sub(after.sub(s1)).add(s2);
      s1 = after;
    }

    ZERO.add(q1).intoArray(sums[0], lane);
    ZERO.add(q2).intoArray(sums[1], lane);
    ZERO.add(e1).intoArray(sums[2], lane);
    ZERO.add(e2).intoArray(sums[3], lane);
    ZERO.add(s1).intoArray(sums[4], lane);
    ZERO.add(s2).intoArray(sums[5], lane);
    ZERO_LONGS.or(m).intoArray(least, lane);
  }

  @Override
  public boolean allFit(double[] before, double[] after, int[] least, int[] limits, int first) {
    IntVector lost = IntVector.zero(WIDE_INTS);
    for (int l = 0; l < TILE; l += WIDE_INTS.length()) {
      IntVector limit = IntVector.fromArray(WIDE_INTS, limits, first + l);
      IntVector kept = IntVector.fromArray(WIDE_INTS, least, l).min(limit);
      lost = kept.lanewise(VectorOperators.XOR, limit).or(lost);
    }

    return IntVector.zero(WIDE_INTS).or(lost).reduceLanes(VectorOperators.OR) == 0
        && haveSameExponents(before, after);
  }

  @Override
  public boolean allFit(double[] before, double[] after, long[] least, long[] limits, int first) {
    LongVector lost = LongVector.zero(LONGS);
    for (int l = 0; l < TILE; l += LONGS.length()) {
      LongVector limit = LongVector.fromArray(LONGS, limits, first + l);
      LongVector kept = LongVector.fromArray(LONGS, least, l).min(limit);
      lost = kept.lanewise(VectorOperators.XOR, limit).or(lost);
    }

    return LongVector.zero(LONGS).or(lost).reduceLanes(VectorOperators.OR) == 0
        && haveSameExponents(before, after);
  }

  private static boolean haveSameExponents(double[] before, double[] after) {
    LongVector changes = LongVector.zero(LONGS);
    for (int l = 0; l < TILE; l += LONGS.length()) {
      LongVector bits = DoubleVector.fromArray(DOUBLES, before, l).reinterpretAsLongs();
      LongVector bitsAfter = DoubleVector.fromArray(DOUBLES, after, l).reinterpretAsLongs();
      changes = bits.lanewise(VectorOperators.XOR, bitsAfter).or(changes);
    }

    return LongVector.zero(LONGS).or(changes).reduceLanes(VectorOperators.OR) >>> FRACTION_WIDTH
        == 0;
  }
}
