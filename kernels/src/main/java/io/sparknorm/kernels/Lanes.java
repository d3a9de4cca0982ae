package io.sparknorm.kernels;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vectors that both vector implementations compute with: doubles, at most eight. */
final class Lanes {
  static final VectorSpecies<Double> DOUBLES =
      DoubleVector.SPECIES_PREFERRED.length() > Loops.LANES
          ? DoubleVector.SPECIES_512
          : DoubleVector.SPECIES_PREFERRED;

  /** As many floats as there are doubles; none for a machine whose vectors hold one double. */
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

  static final int WIDTH = DOUBLES.length();

  private static final int TILE = 4096;

  // Vectors, not numbers to be spread at each use: what the compiler inlines into one loop has a
  // limit, beyond which it allocates vectors.
  private static final DoubleVector ONE = all(1);
  private static final DoubleVector LOWEST = all(Sigmoid.LOWEST);
  private static final DoubleVector HIGHEST = all(Sigmoid.HIGHEST);
  private static final DoubleVector LOG2_E = all(Sigmoid.LOG2_E);
  private static final DoubleVector ROUNDER = all(Sigmoid.ROUNDER);
  private static final DoubleVector LN2_HIGH = all(Sigmoid.LN2_HIGH);
  private static final DoubleVector LN2_LOW = all(Sigmoid.LN2_LOW);
  private static final DoubleVector TWO_TO_64 = all(Sigmoid.TWO_TO_64);
  private static final DoubleVector C2 = all(Sigmoid.C2);
  private static final DoubleVector C3 = all(Sigmoid.C3);
  private static final DoubleVector C4 = all(Sigmoid.C4);
  private static final DoubleVector C5 = all(Sigmoid.C5);
  private static final DoubleVector C6 = all(Sigmoid.C6);
  private static final DoubleVector C7 = all(Sigmoid.C7);
  private static final DoubleVector C8 = all(Sigmoid.C8);
  private static final DoubleVector C9 = all(Sigmoid.C9);
  private static final DoubleVector C10 = all(Sigmoid.C10);
  private static final DoubleVector C11 = all(Sigmoid.C11);
  private static final LongVector EXPONENT_BIAS =
      LongVector.broadcast(
          VectorSpecies.of(long.class, DOUBLES.vectorShape()), Sigmoid.EXPONENT_BIAS);

  private Lanes() {}

  static int bits() {
    return DOUBLES.vectorBitSize();
  }

  /**
   * How many elements of rows are taken through each group of lanes before the next group: as many
   * rows as stay in the nearest cache, so that what belongs to a lane stays in registers.
   */
  static int tile(int row) {
    return row * Math.max(1, TILE / row);
  }

  /** The steps of {@link Sigmoid#of}. */
  static DoubleVector sigmoid(DoubleVector t) {
    DoubleVector z = t.neg().max(LOWEST).min(HIGHEST);
    DoubleVector shifted = z.mul(LOG2_E).add(ROUNDER);
    DoubleVector k = shifted.sub(ROUNDER);
    DoubleVector r = z.sub(k.mul(LN2_HIGH)).sub(k.mul(LN2_LOW));
    DoubleVector e = exponential(r).mul(powerOfTwo(shifted)).mul(TWO_TO_64);
    return ONE.div(e.add(ONE));
  }

  private static DoubleVector exponential(DoubleVector r) {
    DoubleVector r2 = r.mul(r);
    DoubleVector even = r2.mul(C10).add(C8).mul(r2).add(C6).mul(r2).add(C4).mul(r2).add(C2);
    DoubleVector odd = r2.mul(C11).add(C9).mul(r2).add(C7).mul(r2).add(C5).mul(r2).add(C3);
    return odd.mul(r).add(even).mul(r2).add(r).add(ONE);
  }

  private static DoubleVector powerOfTwo(DoubleVector shifted) {
    return shifted
        .reinterpretAsLongs()
        .add(EXPONENT_BIAS)
        .lanewise(VectorOperators.LSHL, Sigmoid.EXPONENT_SHIFT)
        .reinterpretAsDoubles();
  }

  static DoubleVector all(double value) {
    return DoubleVector.broadcast(DOUBLES, value);
  }

  static DoubleVector load(double[] values, int at) {
    return DoubleVector.fromArray(DOUBLES, values, at);
  }

  /** The steps of {@link Denominator#reciprocal}. */
  static DoubleVector reciprocal(DoubleVector denominator) {
    return all(1).div(denominator).blend(0, denominator.eq(0));
  }
}
