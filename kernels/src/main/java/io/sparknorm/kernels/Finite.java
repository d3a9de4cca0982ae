package io.sparknorm.kernels;

/** Plain sums of the elements that are neither NaN nor infinite, for people to look at. */
public final class Finite {
  private Finite() {}

  /**
   * Adds the finite ones of {@code x[i]}, {@code from <= i < to}, to {@code sums[at]}, and their
   * number to {@code sums[at + 1]}.
   */
  public static void add(float[] x, int from, int to, double[] sums, int at) {
    double sum = 0;
    int count = 0;
    for (int i = from; i < to; i++) {
      boolean finite = Math.abs(x[i]) <= Float.MAX_VALUE;
      sum += finite ? x[i] : 0;
      count += finite ? 1 : 0;
    }

    sums[at] += sum;
    sums[at + 1] += count;
  }

  /** As for floats. */
  public static void add(double[] x, int from, int to, double[] sums, int at) {
    double sum = 0;
    int count = 0;
    for (int i = from; i < to; i++) {
      boolean finite = Math.abs(x[i]) <= Double.MAX_VALUE;
      sum += finite ? x[i] : 0;
      count += finite ? 1 : 0;
    }

    sums[at] += sum;
    sums[at + 1] += count;
  }
}
