package io.sparknorm.kernels;

import java.util.List;

/**
 * Layer normalisation: every contiguous block of {@code normalizedShape} by its own mean and
 * variance (Ba, Kiros and Hinton, "Layer Normalization", 2016, equations 3 and 4; {@code
 * torch.nn.LayerNorm}). The Annotated Transformer's form is unbiased variance with epsilon 1e-6
 * outside the root.
 *
 * @param normalizedShape the last dimensions of the record that one pair of statistics covers
 * @param denominator biased variance, epsilon 1e-5 inside the root in PyTorch
 * @param affine one weight and bias per position in the block
 * @param activation applied last
 */
public record LayerNorm(
    List<Integer> normalizedShape, Denominator denominator, Affine affine, Activation activation)
    implements RecordNorm {
  public LayerNorm {
    normalizedShape = List.copyOf(normalizedShape);
  }

  /** Epsilon 1e-5, neither affine map nor activation. */
  public static LayerNorm over(Integer... normalizedShape) {
    return new LayerNorm(
        List.of(normalizedShape), Denominator.insideSqrt(1e-5), Affine.NONE, Activation.NONE);
  }

  @Override
  public Normalizer normalizer(TensorShape shape) {
    int block = blockLength(normalizedShape, shape);
    affine.checkSize(block, "position in the normalized shape");
    return new BlockwiseNormalizer(shape, block, true, denominator, affine, activation);
  }

  /** The number of elements of a block, which must consist of the shape's last dimensions. */
  static int blockLength(List<Integer> normalizedShape, TensorShape shape) {
    List<Integer> dimensions = shape.dimensions();
    int leading = dimensions.size() - normalizedShape.size();
    if (normalizedShape.isEmpty()
        || normalizedShape.contains(TensorShape.VARIABLE)
        || leading < 0
        || !dimensions.subList(leading, dimensions.size()).equals(normalizedShape)) {
      throw new IllegalArgumentException(
          "Invalid normalized-shape: %s (must be the last dimensions, all of them fixed, of %s)"
              .formatted(normalizedShape, shape));
    }

    return new TensorShape(normalizedShape, shape.layout()).fixedLength();
  }
}
