package io.sparknorm.kernels;

/**
 * The least and the greatest of numbers as files hold them, one after the other in little-endian
 * order.
 *
 * <p>The order is that of IEEE 754, section 5.10: -NaN, -Infinity, ..., -0.0, 0.0, ..., Infinity,
 * NaN. So if any number is NaN, the least or the greatest is.
 */
public record Extremes(double least, double greatest) {
  /**
   * Of floats in the first bytes of an array.
   *
   * @param length how many bytes they take up; not 0
   */
  public static Extremes ofFloats(byte[] bytes, int length) {
    return Apart.extremes(LoopsProvider.best().floats(), bytes, length);
  }

  /**
   * Of doubles in the first bytes of an array.
   *
   * @param length how many bytes they take up; not 0
   */
  public static Extremes ofDoubles(byte[] bytes, int length) {
    return Apart.extremes(LoopsProvider.best().doubles(), bytes, length);
  }
}
