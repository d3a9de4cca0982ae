package io.sparknorm.kernels;

import java.io.Serializable;
import java.util.Arrays;

/**
 * An immutable row of doubles: a parameter or a statistic, one value per channel (or, for norms
 * over a block, per position in the block). {@link #NONE}, the empty row, stands for a parameter
 * that is not applied.
 */
public final class Coefficients implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A parameter that is not applied. */
  public static final Coefficients NONE = new Coefficients(new double[0]);

  private final double[] values;

  private Coefficients(double[] values) {
    this.values = values;
  }

  public static Coefficients of(double... values) {
    return values.length == 0 ? NONE : new Coefficients(values.clone());
  }

  public int size() {
    return values.length;
  }

  public boolean isEmpty() {
    return values.length == 0;
  }

  public double get(int index) {
    return values[index];
  }

  public double[] toArray() {
    return values.clone();
  }

  /** The values themselves, or this many times {@code absent} when there are none. Not a copy. */
  double[] orElse(double absent, int size) {
    if (!isEmpty()) {
      return values;
    }

    double[] filled = new double[size];
    Arrays.fill(filled, absent);
    return filled;
  }

  /** These values, or this many times {@code absent} where there are none. */
  Coefficients filled(double absent, int size) {
    return isEmpty() ? new Coefficients(orElse(absent, size)) : this;
  }

  /** Throws unless there are no values, or as many as expected. */
  void checkSize(String name, int expected, String per) {
    if (!isEmpty() && size() != expected) {
      throw new IllegalArgumentException(
          "Invalid %s: %d values (expected %d, one per %s)".formatted(name, size(), expected, per));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Coefficients that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return size() <= 8
        ? Arrays.toString(values)
        : "[%s, %s, .. %d values]".formatted(values[0], values[1], size());
  }
}
