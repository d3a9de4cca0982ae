package io.sparknorm.kernels;

/** Looks for NaN and infinities. */
public final class NonFinite {
  private NonFinite() {}

  /** Whether any element is NaN or infinite. */
  public static boolean any(float[] x) {
    return Apart.anyNonFinite(LoopsProvider.best().floats(), x);
  }

  /** Whether any element is NaN or infinite. */
  public static boolean any(double[] x) {
    return Apart.anyNonFinite(LoopsProvider.best().doubles(), x);
  }
}
