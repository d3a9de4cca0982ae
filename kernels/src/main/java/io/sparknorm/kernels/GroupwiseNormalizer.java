package io.sparknorm.kernels;

import java.util.Arrays;

/**
 * A norm whose slices are groups of channels of one record: takes it in parts, so that the map
 * finds in a near cache what the moments have read.
 */
abstract class GroupwiseNormalizer extends Normalizer {
  private static final long serialVersionUID = 1L;

  /** The elements that are taken together. */
  private static final int NEAR = 16384;

  private final int groups;
  private final int perGroup;

  GroupwiseNormalizer(TensorShape shape, int groups) {
    super(shape);
    this.groups = groups;
    this.perGroup = shape.channels() / groups;
  }

  @Override
  void normalise(Tensor<?> tensor, TensorView view) {
    int group = perGroup * view.inner();
    int step = view.inner() > 1 ? Math.max(1, NEAR / group) : groups;
    for (int g = 0; g < groups; g += step) {
      int n = Math.min(step, groups - g);
      TensorView part = new TensorView(view.outer(), n * perGroup, view.inner());
      normalise(tensor, g * group, part, part.grouped(n), g * perGroup);
    }
  }

  /** Normalises a part of the tensor, which has some of the slices and begins with a channel. */
  abstract void normalise(
      Tensor<?> tensor, int from, TensorView part, TensorView slices, int channel);

  /** The coefficients of the channels of a part. */
  static double[] of(TensorView part, int channel, double[] coefficients) {
    return part.channels() == coefficients.length
        ? coefficients
        : Arrays.copyOfRange(coefficients, channel, channel + part.channels());
  }
}
