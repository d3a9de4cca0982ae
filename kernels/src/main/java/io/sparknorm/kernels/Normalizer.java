package io.sparknorm.kernels;

import java.io.Serializable;

/**
 * A norm bound to the shape of the records and, where it needs them, to statistics: maps a tensor
 * to a tensor of the same shape. Immutable and safe for use by many threads.
 *
 * <p>Statistics of a slice are taken in double precision, as exactly as its element type can show,
 * and each result is rounded once to it.
 *
 * <p>A NaN makes its slice's statistics, and so the whole slice, NaN, as in PyTorch. So does an
 * infinity, unless the statistic is a mean square, which is then infinite. The {@code skippingNaN}
 * forms leave NaN elements out of the statistics instead; such elements stay NaN. A slice without
 * any value left stays as it is.
 */
public abstract class Normalizer implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TensorShape shape;
  private final int channels;
  private final int fixedLength;
  private final boolean variable;
  private final boolean channelsFirst;

  Normalizer(TensorShape shape) {
    this.shape = shape;
    this.channels = shape.channels();
    this.fixedLength = shape.fixedLength();
    this.variable = shape.isVariable();
    this.channelsFirst = shape.layout() == Layout.CHANNELS_FIRST || shape.dimensions().size() == 1;
  }

  /** The shape of the records that this normalizer takes. */
  public final TensorShape shape() {
    return shape;
  }

  /** Whether a record of this many elements has the shape. */
  public final boolean accepts(int length) {
    return variable ? length % fixedLength == 0 : length == fixedLength;
  }

  /**
   * Normalises {@code x} into {@code out}, which may be the same array.
   *
   * @throws IllegalArgumentException if the length does not fit the shape
   */
  public final void apply(float[] x, float[] out) {
    LoopsProvider loops = LoopsProvider.best();
    Apart.normalise(
        this,
        new Tensor<>(loops.floats(), loops.doubles(), x, out, false),
        view(x.length, out.length));
  }

  /** As {@link #apply(float[], float[])}, in and out in double precision. */
  public final void apply(double[] x, double[] out) {
    LoopsProvider loops = LoopsProvider.best();
    Apart.normalise(
        this,
        new Tensor<>(loops.doubles(), loops.doubles(), x, out, false),
        view(x.length, out.length));
  }

  /** As {@link #apply(float[], float[])}, leaving NaN elements out of every slice's statistics. */
  public final void applySkippingNaN(float[] x, float[] out) {
    LoopsProvider loops = LoopsProvider.best();
    Apart.normalise(
        this,
        new Tensor<>(loops.floats(), loops.doubles(), x, out, true),
        view(x.length, out.length));
  }

  /**
   * As {@link #apply(double[], double[])}, leaving NaN elements out of every slice's statistics.
   */
  public final void applySkippingNaN(double[] x, double[] out) {
    LoopsProvider loops = LoopsProvider.best();
    Apart.normalise(
        this,
        new Tensor<>(loops.doubles(), loops.doubles(), x, out, true),
        view(x.length, out.length));
  }

  abstract void normalise(Tensor<?> tensor, TensorView view);

  private TensorView view(int length, int outLength) {
    if (!accepts(length) || outLength != length) {
      throw new IllegalArgumentException(
          "Cannot normalise %d elements into %d: expected %s%d for shape %s"
              .formatted(length, outLength, variable ? "a multiple of " : "", fixedLength, shape));
    }

    int perChannel = length / channels;
    return channelsFirst
        ? new TensorView(1, channels, perChannel)
        : new TensorView(perChannel, channels, 1);
  }
}
