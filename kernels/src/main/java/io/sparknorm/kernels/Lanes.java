package io.sparknorm.kernels;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors that both vector implementations compute with: doubles, at most eight.
 *
 * <p>The compiler keeps a vector in a register if it knows its class, and of a variable that a loop
 * changes it does not: a method called on such a variable goes by the profile of whoever else calls
 * it, and in some starts of Java lands on the heap. So a loop's variables are arguments of methods
 * of vectors just loaded or constant, never receivers.
 */
final class Lanes {
  static final VectorSpecies<Double> DOUBLES =
      DoubleVector.SPECIES_PREFERRED.length() > Loops.LANES
          ? DoubleVector.SPECIES_512
          : DoubleVector.SPECIES_PREFERRED;

  /** As many floats as there are doubles; none for a machine whose vectors hold one double. */
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(DOUBLES.vectorBitSize() / 2));

  static final int WIDTH = DOUBLES.length();

  private static final int TILE = 512;

  /** What a variable of a loop is added to; a negative zero becomes a positive one. */
  static final DoubleVector ZERO = all(0);

  // For the sigmoid: vectors, since spreading a number at each use makes its loop too long for the
  // compiler.
  static final DoubleVector ONE = all(1);
  static final DoubleVector MINUS_LOG2_E = all(-Sigmoid.LOG2_E);
  static final DoubleVector LOG2_E = all(Sigmoid.LOG2_E);
  static final DoubleVector LIMIT = all(Sigmoid.LIMIT);
  static final DoubleVector MINUS_LIMIT = all(-Sigmoid.LIMIT);
  static final DoubleVector COARSE_LIMIT = all(Sigmoid.COARSE_LIMIT);
  static final DoubleVector MINUS_COARSE_LIMIT = all(-Sigmoid.COARSE_LIMIT);
  static final DoubleVector ROUNDER = all(Sigmoid.ROUNDER);
  static final DoubleVector BIASED_ROUNDER = all(Sigmoid.BIASED_ROUNDER);
  static final DoubleVector LN2_HIGH = all(Sigmoid.LN2_HIGH);
  static final DoubleVector LN2_LOW = all(Sigmoid.LN2_LOW);
  static final DoubleVector C2 = all(Sigmoid.C2);
  static final DoubleVector C3 = all(Sigmoid.C3);
  static final DoubleVector C4 = all(Sigmoid.C4);
  static final DoubleVector C5 = all(Sigmoid.C5);
  static final DoubleVector C6 = all(Sigmoid.C6);
  static final DoubleVector C7 = all(Sigmoid.C7);
  static final DoubleVector C8 = all(Sigmoid.C8);
  static final DoubleVector C9 = all(Sigmoid.C9);
  static final DoubleVector C10 = all(Sigmoid.C10);
  static final DoubleVector C11 = all(Sigmoid.C11);
  static final DoubleVector P1 = all(Sigmoid.P1);
  static final DoubleVector P2 = all(Sigmoid.P2);
  static final DoubleVector P3 = all(Sigmoid.P3);
  static final DoubleVector P4 = all(Sigmoid.P4);
  static final DoubleVector P5 = all(Sigmoid.P5);
  static final DoubleVector P6 = all(Sigmoid.P6);
  static final DoubleVector P7 = all(Sigmoid.P7);
  static final DoubleVector TWO_TO_64 = all(Sigmoid.TWO_TO_64);

  static final VectorSpecies<Long> LONGS = VectorSpecies.of(long.class, DOUBLES.vectorShape());

  static final LongVector LOWEST_BITS = allLongs(Sigmoid.LOWEST_BITS);
  static final LongVector LOWEST_BIASED = allLongs(Sigmoid.LOWEST_BIASED);
  static final LongVector EXPONENT_BIAS = allLongs(Sigmoid.EXPONENT_BIAS);

  private Lanes() {}

  static int bits() {
    return DOUBLES.vectorBitSize();
  }

  /**
   * How many elements of the first half's rows, and as many of the second's, are taken through each
   * group of lanes before the next group: so many that they stay in the nearest cache, while what
   * belongs to a lane stays in registers.
   */
  static int tile(int row) {
    return row * Math.max(1, TILE / row);
  }

  private static LongVector allLongs(long value) {
    return LongVector.broadcast(LONGS, value);
  }

  private static DoubleVector all(double value) {
    return DoubleVector.broadcast(DOUBLES, value);
  }
}
