package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.TensorView;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * The shape that tensors are held to: the flat one, and what it asks of nested arrays.
 *
 * @param shape of the flat tensor
 * @param nesting for each depth of nesting the length of its arrays, -1 where it may vary; not
 *     looked at for flat arrays
 */
record RecordShape(TensorShape shape, int[] nesting) implements Serializable {
  /**
   * The shape of a column of this depth of nesting.
   *
   * @throws IllegalArgumentException if arrays are nested, and not to as many levels as the shape
   */
  static RecordShape of(TensorShape shape, int depth) {
    List<Integer> dimensions = shape.dimensions();
    if (depth > 1 && depth != dimensions.size()) {
      throw new IllegalArgumentException(
          "Cannot read arrays nested %d deep as %s: expected flat arrays or %d levels"
              .formatted(depth, shape, dimensions.size()));
    }

    return new RecordShape(shape, dimensions.stream().mapToInt(Integer::intValue).toArray());
  }

  /** Any number of channels' values; nested arrays have the channels at the layout's end. */
  static RecordShape ofChannels(int channels, Layout layout, int depth) {
    int[] nesting = open(depth);
    nesting[layout == Layout.CHANNELS_FIRST ? 0 : depth - 1] = channels;
    return new RecordShape(TensorShape.ofChannels(channels, layout), nesting);
  }

  /** Any number of blocks of this many elements. */
  static RecordShape ofBlocks(int block, int depth) {
    return new RecordShape(TensorShape.ofChannels(block, Layout.CHANNELS_LAST), open(depth));
  }

  /** Exactly so many elements, each its own channel. */
  static RecordShape ofElements(int elements, int depth) {
    return new RecordShape(TensorShape.vector(elements), open(depth));
  }

  static int[] open(int depth) {
    int[] nesting = new int[depth];
    Arrays.fill(nesting, TensorShape.VARIABLE);
    return nesting;
  }

  boolean accepts(int length) {
    return length != TensorType.MISFIT && shape.accepts(length);
  }

  TensorView view(int length) {
    return shape.view(length);
  }

  /** Why a tensor of this length is not accepted. */
  String refusal(int length) {
    return length == TensorType.MISFIT
        ? "the nested arrays are ragged or do not fit the shape %s".formatted(shape)
        : "the array has %d elements (expected %s%d for the shape %s)"
            .formatted(
                length, shape.isVariable() ? "a multiple of " : "", shape.fixedLength(), shape);
  }
}
