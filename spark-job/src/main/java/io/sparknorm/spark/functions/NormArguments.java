package io.sparknorm.spark.functions;

import io.sparknorm.kernels.RecordNorm;

/** The arguments of one call of a plain norm: compared with those of the call before. */
interface NormArguments {
  /**
   * The norm that they ask for.
   *
   * @throws IllegalArgumentException if an argument is out of range
   */
  RecordNorm norm();

  /** The shape that they ask of arrays of this depth of nesting. */
  RecordShape shape(int depth);

  /** Throws unless a size is one. */
  static void checkPositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "Invalid %s: %d (must be positive)".formatted(name, value));
    }
  }
}
