package io.sparknorm.kernels.moments;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Vector API. Accumulators stay in registers over all rows; each loop is a method of its own,
 * of a size that the compiler takes well. Processors with vectors of four doubles have a fused
 * multiply-add, which rounds nothing here that separate steps would not.
 */
final class VectorTileLoops implements TileLoops {
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final VectorShape HALF = VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2);
  private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, HALF);
  private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, HALF);

  /** Below this many lanes the Vector API costs more than it saves. */
  private static final int LEAST_LANES = 4;

  static boolean isFast() {
    return DOUBLES.length() >= LEAST_LANES;
  }

  @Override
  public void add(float[] x, int from, int stride, int rows, double[][] parts, int[] least) {
    for (int lane = 0; lane < TILE; lane += 4 * DOUBLES.length()) {
      addFloats(x, from + lane, stride, rows, parts[0], parts[1], parts[2], least, lane);
    }
  }

  private static void addFloats(
      float[] x,
      int from,
      int stride,
      int rows,
      double[] q1,
      double[] q2,
      double[] s,
      int[] least,
      int lane) {
    int lanes = DOUBLES.length();
    IntVector magnitude = IntVector.broadcast(INTS, FloatFront.MAGNITUDE);
    DoubleVector a0 = DoubleVector.fromArray(DOUBLES, q1, lane);
    DoubleVector a1 = DoubleVector.fromArray(DOUBLES, q1, lane + lanes);
    DoubleVector a2 = DoubleVector.fromArray(DOUBLES, q1, lane + 2 * lanes);
    DoubleVector a3 = DoubleVector.fromArray(DOUBLES, q1, lane + 3 * lanes);
    DoubleVector b0 = DoubleVector.fromArray(DOUBLES, q2, lane);
    DoubleVector b1 = DoubleVector.fromArray(DOUBLES, q2, lane + lanes);
    DoubleVector b2 = DoubleVector.fromArray(DOUBLES, q2, lane + 2 * lanes);
    DoubleVector b3 = DoubleVector.fromArray(DOUBLES, q2, lane + 3 * lanes);
    DoubleVector s0 = DoubleVector.fromArray(DOUBLES, s, lane);
    DoubleVector s1 = DoubleVector.fromArray(DOUBLES, s, lane + lanes);
    DoubleVector s2 = DoubleVector.fromArray(DOUBLES, s, lane + 2 * lanes);
    DoubleVector s3 = DoubleVector.fromArray(DOUBLES, s, lane + 3 * lanes);
    IntVector m0 = IntVector.fromArray(INTS, least, lane);
    IntVector m1 = IntVector.fromArray(INTS, least, lane + lanes);
    IntVector m2 = IntVector.fromArray(INTS, least, lane + 2 * lanes);
    IntVector m3 = IntVector.fromArray(INTS, least, lane + 3 * lanes);
    for (int r = 0, at = from; r < rows; r++, at += stride) {
      FloatVector f0 = FloatVector.fromArray(FLOATS, x, at);
      FloatVector f1 = FloatVector.fromArray(FLOATS, x, at + lanes);
      FloatVector f2 = FloatVector.fromArray(FLOATS, x, at + 2 * lanes);
      FloatVector f3 = FloatVector.fromArray(FLOATS, x, at + 3 * lanes);
      m0 = m0.min(f0.reinterpretAsInts().and(magnitude).add(magnitude));
      m1 = m1.min(f1.reinterpretAsInts().and(magnitude).add(magnitude));
      m2 = m2.min(f2.reinterpretAsInts().and(magnitude).add(magnitude));
      m3 = m3.min(f3.reinterpretAsInts().and(magnitude).add(magnitude));

      DoubleVector v0 = (DoubleVector) f0.castShape(DOUBLES, 0);
      DoubleVector v1 = (DoubleVector) f1.castShape(DOUBLES, 0);
      DoubleVector v2 = (DoubleVector) f2.castShape(DOUBLES, 0);
      DoubleVector v3 = (DoubleVector) f3.castShape(DOUBLES, 0);
      s0 = s0.add(v0);
      s1 = s1.add(v1);
      s2 = s2.add(v2);
      s3 = s3.add(v3);

      DoubleVector u0 = v0.fma(v0, a0);
      DoubleVector u1 = v1.fma(v1, a1);
      DoubleVector u2 = v2.fma(v2, a2);
      DoubleVector u3 = v3.fma(v3, a3);
      b0 = b0.add(v0.fma(v0, a0.sub(u0)));
      b1 = b1.add(v1.fma(v1, a1.sub(u1)));
      b2 = b2.add(v2.fma(v2, a2.sub(u2)));
      b3 = b3.add(v3.fma(v3, a3.sub(u3)));
      a0 = u0;
      a1 = u1;
      a2 = u2;
      a3 = u3;
    }

    a0.intoArray(q1, lane);
    a1.intoArray(q1, lane + lanes);
    a2.intoArray(q1, lane + 2 * lanes);
    a3.intoArray(q1, lane + 3 * lanes);
    b0.intoArray(q2, lane);
    b1.intoArray(q2, lane + lanes);
    b2.intoArray(q2, lane + 2 * lanes);
    b3.intoArray(q2, lane + 3 * lanes);
    s0.intoArray(s, lane);
    s1.intoArray(s, lane + lanes);
    s2.intoArray(s, lane + 2 * lanes);
    s3.intoArray(s, lane + 3 * lanes);
    m0.intoArray(least, lane);
    m1.intoArray(least, lane + lanes);
    m2.intoArray(least, lane + 2 * lanes);
    m3.intoArray(least, lane + 3 * lanes);
  }

  @Override
  public void add(double[] x, int from, int stride, int rows, double[][] parts, long[] least) {
    for (int lane = 0; lane < TILE; lane += DOUBLES.length()) {
      addDoubles(x, from + lane, stride, rows, parts, least, lane);
    }
  }

  private static void addDoubles(
      double[] x, int from, int stride, int rows, double[][] parts, long[] least, int lane) {
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
      m = m.min(v.reinterpretAsLongs().and(magnitude).add(magnitude));

      DoubleVector square = v.mul(v);
      DoubleVector after = q1.add(square);
      q2 = q2.add(square.sub(after.sub(q1)));
      q1 = after;

      DoubleVector lost = v.fma(v, square.neg());
      after = e1.add(lost);
      e2 = e2.add(lost.sub(after.sub(e1)));
      e1 = after;

      after = s1.add(v);
      s2 = s2.add(v.sub(after.sub(s1)));
      s1 = after;
    }

    q1.intoArray(parts[0], lane);
    q2.intoArray(parts[1], lane);
    e1.intoArray(parts[2], lane);
    e2.intoArray(parts[3], lane);
    s1.intoArray(parts[4], lane);
    s2.intoArray(parts[5], lane);
    m.intoArray(least, lane);
  }
}
