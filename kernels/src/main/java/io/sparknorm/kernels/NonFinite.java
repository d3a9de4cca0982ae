package io.sparknorm.kernels;

/** Looks for NaN and infinities. */
public final class NonFinite {
  private NonFinite() {}

  /** Whether any element is NaN or infinite. */
  public static boolean any(float[] x) {
    return LoopsProvider.best().floats().anyNonFinite(x);
  }

  /** Whether any element is NaN or infinite. */
  public static boolean any(double[] x) {
    return LoopsProvider.best().doubles().anyNonFinite(x);
  }
}
