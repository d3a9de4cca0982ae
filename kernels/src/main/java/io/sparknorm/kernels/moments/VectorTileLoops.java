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
 *
 * <p>A loop's variables are arguments of methods of vectors just loaded or constant, never
 * receivers: so the compiler knows all classes, and leaves no vector on the heap.
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
      m0 = f0.reinterpretAsInts().and(magnitude).add(magnitude).min(m0);
      m1 = f1.reinterpretAsInts().and(magnitude).add(magnitude).min(m1);
      m2 = f2.reinterpretAsInts().and(magnitude).add(magnitude).min(m2);
      m3 = f3.reinterpretAsInts().and(magnitude).add(magnitude).min(m3);

      DoubleVector v0 = (DoubleVector) f0.castShape(DOUBLES, 0);
      DoubleVector v1 = (DoubleVector) f1.castShape(DOUBLES, 0);
      DoubleVector v2 = (DoubleVector) f2.castShape(DOUBLES, 0);
      DoubleVector v3 = (DoubleVector) f3.castShape(DOUBLES, 0);
      s0 = v0.add(s0);
      s1 = v1.add(s1);
      s2 = v2.add(s2);
      s3 = v3.add(s3);

      DoubleVector u0 = v0.fma(v0, a0);
      DoubleVector u1 = v1.fma(v1, a1);
      DoubleVector u2 = v2.fma(v2, a2);
      DoubleVector u3 = v3.fma(v3, a3);
      b0 = v0.fma(v0, u0.neg().add(a0)).add(b0);
      b1 = v1.fma(v1, u1.neg().add(a1)).add(b1);
      b2 = v2.fma(v2, u2.neg().add(a2)).add(b2);
      b3 = v3.fma(v3, u3.neg().add(a3)).add(b3);
      a0 = u0;
      a1 = u1;
      a2 = u2;
      a3 = u3;
    }

    store(a0, q1, lane);
    store(a1, q1, lane + lanes);
    store(a2, q1, lane + 2 * lanes);
    store(a3, q1, lane + 3 * lanes);
    store(b0, q2, lane);
    store(b1, q2, lane + lanes);
    store(b2, q2, lane + 2 * lanes);
    store(b3, q2, lane + 3 * lanes);
    store(s0, s, lane);
    store(s1, s, lane + lanes);
    store(s2, s, lane + 2 * lanes);
    store(s3, s, lane + 3 * lanes);
    store(m0, least, lane);
    store(m1, least, lane + lanes);
    store(m2, least, lane + 2 * lanes);
    store(m3, least, lane + 3 * lanes);
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

    store(q1, parts[0], lane);
    store(q2, parts[1], lane);
    store(e1, parts[2], lane);
    store(e2, parts[3], lane);
    store(s1, parts[4], lane);
    store(s2, parts[5], lane);
    store(m, least, lane);
  }

  private static void store(DoubleVector v, double[] to, int at) {
    DoubleVector.zero(DOUBLES).add(v).intoArray(to, at);
  }

  private static void store(IntVector v, int[] to, int at) {
    IntVector.zero(INTS).or(v).intoArray(to, at);
  }

  private static void store(LongVector v, long[] to, int at) {
    LongVector.zero(LONGS).or(v).intoArray(to, at);
  }
}
