package io.sparknorm.kernels;

import java.io.Serializable;

/**
 * The learned map after a norm, {@code y * weight + bias}; either may be absent.
 *
 * @param weight gamma, {@link Coefficients#NONE} for 1
 * @param bias beta, {@link Coefficients#NONE} for 0
 */
public record Affine(Coefficients weight, Coefficients bias) implements Serializable {
  /** Neither weight nor bias. */
  public static final Affine NONE = new Affine(Coefficients.NONE, Coefficients.NONE);

  /** The same map with its parameters written out. */
  Affine filled(int size) {
    return new Affine(weight.filled(1, size), bias.filled(0, size));
  }

  void checkSize(int expected, String per) {
    weight.checkSize("weight", expected, per);
    bias.checkSize("bias", expected, per);
  }
}
