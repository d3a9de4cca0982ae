package io.sparknorm.kernels;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.stream.IntStream;

/**
 * The map-only norms in decimal arithmetic, element by element as their definitions say.
 *
 * @param kind what is subtracted, and what is divided
 * @param slices whose channels are the slices
 * @param slope of the gate, by position in the record
 * @param weight by position in the record
 * @param bias by position in the record
 */
record ExactNorm(
    Kind kind,
    TensorView slices,
    Denominator denominator,
    double[] slope,
    double[] weight,
    double[] bias) {
  private static final MathContext DIGITS = new MathContext(50);

  enum Kind {
    /** {@code (x - mean) / deviation}. */
    STANDARD,
    /** {@code x / deviation}. */
    DEVIATION,
    /** {@code x / root mean square}. */
    ROOT_MEAN_SQUARE,
    /** {@code x * sigmoid(slope * x) / deviation}. */
    GATED_DEVIATION,
    /** {@code x * sigmoid(slope * x) / root mean square}. */
    GATED_ROOT_MEAN_SQUARE;

    private static Kind of(EvoNormS norm) {
      return switch (norm.variant()) {
        case S0, S0A, S1, S1A -> norm.applyAct() ? GATED_DEVIATION : DEVIATION;
        case S2, S2A -> norm.applyAct() ? GATED_ROOT_MEAN_SQUARE : ROOT_MEAN_SQUARE;
      };
    }

    private boolean dividesByRootMeanSquare() {
      return this == ROOT_MEAN_SQUARE || this == GATED_ROOT_MEAN_SQUARE;
    }
  }

  /** A norm that divides, without an activation, over records of which one block is the whole. */
  static ExactNorm of(RecordNorm norm, TensorShape shape) {
    TensorView view = shape.view(shape.fixedLength());
    TensorView whole = new TensorView(1, 1, view.length());
    if (norm instanceof LayerNorm n) {
      return of(Kind.STANDARD, whole, n.denominator(), Coefficients.NONE, n.affine(), view);
    }

    if (norm instanceof RmsNorm n) {
      Denominator denominator = Denominator.insideSqrt(n.epsilon());
      Affine affine = new Affine(n.weight(), Coefficients.NONE);
      return of(Kind.ROOT_MEAN_SQUARE, whole, denominator, Coefficients.NONE, affine, view);
    }

    if (norm instanceof InstanceNorm n) {
      return of(Kind.STANDARD, view, n.denominator(), Coefficients.NONE, n.affine(), view);
    }

    if (norm instanceof GroupNorm n) {
      TensorView groups = view.grouped(n.groups());
      return of(Kind.STANDARD, groups, n.denominator(), Coefficients.NONE, n.affine(), view);
    }

    EvoNormS n = (EvoNormS) norm;
    Denominator denominator = Denominator.insideSqrt(n.epsilon());
    return of(Kind.of(n), view.grouped(n.groups()), denominator, n.v(), n.affine(), view);
  }

  private static ExactNorm of(
      Kind kind,
      TensorView slices,
      Denominator denominator,
      Coefficients slope,
      Affine affine,
      TensorView view) {
    return new ExactNorm(
        kind,
        slices,
        denominator,
        byPosition(slope, 1, view),
        byPosition(affine.weight(), 1, view),
        byPosition(affine.bias(), 0, view));
  }

  private static double[] byPosition(Coefficients perChannel, double absent, TensorView view) {
    double[] values = perChannel.orElse(absent, view.channels());
    return IntStream.range(0, view.length()).mapToDouble(i -> values[view.channelOf(i)]).toArray();
  }

  /** The results, before they are rounded to floats. */
  double[] apply(float[] x) {
    BigDecimal[] roots = new BigDecimal[slices.channels()];
    BigDecimal[] means = new BigDecimal[slices.channels()];
    BigDecimal n = BigDecimal.valueOf(slices.channelLength());
    for (int s = 0; s < roots.length; s++) {
      BigDecimal sum = BigDecimal.ZERO;
      for (int i = 0; i < x.length; i++) {
        sum = slices.channelOf(i) == s ? sum.add(new BigDecimal(x[i])) : sum;
      }

      means[s] = kind.dividesByRootMeanSquare() ? BigDecimal.ZERO : sum.divide(n, DIGITS);
      BigDecimal squares = BigDecimal.ZERO;
      for (int i = 0; i < x.length; i++) {
        if (slices.channelOf(i) == s) {
          BigDecimal deviation = new BigDecimal(x[i]).subtract(means[s]);
          squares = squares.add(deviation.multiply(deviation, DIGITS), DIGITS);
        }
      }

      roots[s] = root(squares, n);
    }

    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int s = slices.channelOf(i);
      BigDecimal numerator = numerator(new BigDecimal(x[i]), means[s], i);
      y[i] =
          roots[s].signum() == 0
              ? bias[i]
              : numerator
                  .divide(roots[s], DIGITS)
                  .multiply(new BigDecimal(weight[i]))
                  .add(new BigDecimal(bias[i]))
                  .doubleValue();
    }

    return y;
  }

  private BigDecimal root(BigDecimal squares, BigDecimal n) {
    boolean unbiased = denominator.variance() == Variance.UNBIASED;
    BigDecimal variance = squares.divide(unbiased ? n.subtract(BigDecimal.ONE) : n, DIGITS);
    BigDecimal epsilon = new BigDecimal(denominator.epsilon());
    return denominator.placement() == EpsilonPlacement.INSIDE_SQRT
        ? variance.add(epsilon).sqrt(DIGITS)
        : variance.sqrt(DIGITS).add(epsilon);
  }

  private BigDecimal numerator(BigDecimal x, BigDecimal mean, int i) {
    return switch (kind) {
      case STANDARD -> x.subtract(mean);
      case DEVIATION, ROOT_MEAN_SQUARE -> x;
      case GATED_DEVIATION, GATED_ROOT_MEAN_SQUARE -> {
        BigDecimal t = x.multiply(new BigDecimal(slope[i]));
        yield x.divide(exponential(t.negate()).add(BigDecimal.ONE), DIGITS);
      }
    };
  }

  /** By the series of exp(t / 1024), squared ten times; beyond 900 a power of ten like it. */
  static BigDecimal exponential(BigDecimal t) {
    if (t.abs().compareTo(BigDecimal.valueOf(900)) > 0) {
      return BigDecimal.ONE.scaleByPowerOfTen(t.signum() * 390);
    }

    BigDecimal small = t.divide(BigDecimal.valueOf(1024), DIGITS);
    BigDecimal term = BigDecimal.ONE;
    BigDecimal sum = term;
    for (int n = 1; n < 60; n++) {
      term = term.multiply(small, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
      sum = sum.add(term, DIGITS);
    }

    return sum.pow(1024, DIGITS);
  }
}
