package io.sparknorm.kernels;

/** Looks for NaN and infinities. */
public final class NonFinite {
  private static final int FLOAT_INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  private static final long DOUBLE_INFINITY = Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);

  private NonFinite() {}

  /** Whether any element is NaN or infinite. */
  public static boolean any(float[] x) {
    // Without the sign, bit patterns from infinity's upwards are not finite; a maximum of integers,
    // unlike an early exit, is a loop that the compiler vectorises.
    int largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
    }

    return largest >= FLOAT_INFINITY;
  }

  /** Whether any element is NaN or infinite. */
  public static boolean any(double[] x) {
    long largest = 0;
    for (double value : x) {
      largest = Math.max(largest, Double.doubleToRawLongBits(value) & Long.MAX_VALUE);
    }

    return largest >= DOUBLE_INFINITY;
  }
}
