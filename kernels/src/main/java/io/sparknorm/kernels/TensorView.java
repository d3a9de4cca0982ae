package io.sparknorm.kernels;

/**
 * A flat tensor seen as {@code outer x channels x inner}: element (o, c, i) stands at {@code (o *
 * channels + c) * inner + i}. Every layout reduces to such a view, and so does every partition of a
 * tensor into slices, with the slices in place of the channels. It has no more elements than an
 * array can hold.
 *
 * @param outer how often the row of channels repeats, at least 0
 * @param channels the number of channels, at least 1
 * @param inner how many neighbouring elements belong to one channel, at least 0
 */
public record TensorView(int outer, int channels, int inner) {
  public TensorView {
    if (outer < 0 || channels < 1 || inner < 0) {
      throw invalid(outer, channels, inner, "channels must be positive, the others not negative");
    }

    long row = (long) channels * inner;
    if (row > Integer.MAX_VALUE || outer * row > Integer.MAX_VALUE) {
      throw invalid(outer, channels, inner, "at most 2147483647 elements");
    }
  }

  private static IllegalArgumentException invalid(int outer, int channels, int inner, String rule) {
    return new IllegalArgumentException(
        "Invalid tensor view: %d x %d x %d (%s)".formatted(outer, channels, inner, rule));
  }

  /** The number of elements of the whole tensor. */
  public int length() {
    return outer * channels * inner;
  }

  /** The number of elements of one channel. */
  public int channelLength() {
    return outer * inner;
  }

  /** The channel of the element at a flat position. */
  public int channelOf(int position) {
    return position / inner % channels;
  }

  /** The same tensor with neighbouring channels taken together, each group one slice. */
  TensorView grouped(int groups) {
    return new TensorView(outer, groups, channels / groups * inner);
  }
}
