package io.sparknorm.kernels;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The shape and layout that all records of a dataset share. One dimension may vary from record to
 * record and is then {@link #VARIABLE}; the channel dimension may not.
 *
 * @param dimensions the dimensions of one record, row-major, without the batch dimension
 * @param layout which dimension is the channel; of no consequence when there is only one
 */
public record TensorShape(List<Integer> dimensions, Layout layout) implements Serializable {
  /** Stands for the one dimension whose size differs from record to record. */
  public static final int VARIABLE = -1;

  public TensorShape {
    dimensions = List.copyOf(dimensions);
    long fixed = 1;
    int variable = 0;
    for (int dimension : dimensions) {
      if (dimension == VARIABLE) {
        variable++;
        continue;
      }

      if (dimension < 1) {
        throw invalid(dimensions, "each dimension must be positive, or -1 where records differ");
      }

      fixed *= dimension;
      if (fixed > Integer.MAX_VALUE) {
        throw invalid(dimensions, "a record holds at most 2147483647 elements");
      }
    }

    if (dimensions.isEmpty()) {
      throw invalid(dimensions, "at least one dimension is needed");
    }

    if (variable > 1) {
      throw invalid(dimensions, "only one dimension may be -1");
    }

    if (dimensions.get(channelAxis(dimensions, layout)) == VARIABLE) {
      throw invalid(dimensions, "the number of channels must be given");
    }
  }

  /** A plain feature vector: every element is a channel. */
  public static TensorShape vector(int channels) {
    return new TensorShape(List.of(channels), Layout.CHANNELS_FIRST);
  }

  /** A flat record of which only the number of channels is known. */
  public static TensorShape ofChannels(int channels, Layout layout) {
    return new TensorShape(
        layout == Layout.CHANNELS_FIRST ? List.of(channels, VARIABLE) : List.of(VARIABLE, channels),
        layout);
  }

  public int channels() {
    return dimensions.get(channelAxis(dimensions, layout));
  }

  /** Whether one dimension differs from record to record. */
  public boolean isVariable() {
    return dimensions.contains(VARIABLE);
  }

  /** The product of the dimensions that are given: a record's length, or what divides it. */
  public int fixedLength() {
    int product = 1;
    for (int dimension : dimensions) {
      product *= dimension == VARIABLE ? 1 : dimension;
    }

    return product;
  }

  /** Whether a record of this many elements has this shape. */
  public boolean accepts(int length) {
    return isVariable() ? length % fixedLength() == 0 : length == fixedLength();
  }

  /**
   * The view of a record of this many elements.
   *
   * @throws IllegalArgumentException if the length does not fit the shape
   */
  public TensorView view(int length) {
    if (!accepts(length)) {
      throw new IllegalArgumentException(
          "Cannot view %d elements as %s: expected %s%d"
              .formatted(length, this, isVariable() ? "a multiple of " : "", fixedLength()));
    }

    int channels = channels();
    int perChannel = length / channels;
    return layout == Layout.CHANNELS_FIRST || dimensions.size() == 1
        ? new TensorView(1, channels, perChannel)
        : new TensorView(perChannel, channels, 1);
  }

  /** The dimensions as users write them, such as {@code [3, 32, 32] channels-first}. */
  @Override
  public String toString() {
    String text = text(dimensions);
    return dimensions.size() == 1
        ? text
        : text + (layout == Layout.CHANNELS_FIRST ? " channels-first" : " channels-last");
  }

  private static int channelAxis(List<Integer> dimensions, Layout layout) {
    return layout == Layout.CHANNELS_FIRST ? 0 : dimensions.size() - 1;
  }

  private static String text(List<Integer> dimensions) {
    return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }

  private static IllegalArgumentException invalid(List<Integer> dimensions, String rule) {
    return new IllegalArgumentException("Invalid shape: %s (%s)".formatted(text(dimensions), rule));
  }
}
