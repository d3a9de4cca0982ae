package io.sparknorm.kernels;

/**
 * Layer and root mean square normalisation: slices are contiguous blocks, the affine map is by
 * position in the block.
 */
abstract class BlockwiseNormalizer extends Normalizer {
  private static final long serialVersionUID = 1L;

  private final int block;
  private final Denominator denominator;
  private final double[] weight;
  private final double[] bias;
  private final Activation activation;

  BlockwiseNormalizer(
      TensorShape shape, int block, Denominator denominator, Affine affine, Activation activation) {
    super(shape);
    this.block = block;
    this.denominator = denominator;
    this.weight = affine.weight().orElse(1, block);
    this.bias = affine.bias().orElse(0, block);
    this.activation = activation;
  }

  /** What the blocks from a position, the slices of a view, are standardised by. */
  abstract SliceMoments moments(Tensor<?> tensor, int from, TensorView slices);

  @Override
  final void normalise(Tensor<?> tensor, TensorView view) {
    int blocks = view.length() / block;
    if (blocks > 0) {
      Tensor.inParts(
          new TensorView(1, blocks, block),
          blocks,
          (from, slices, first) -> normalise(tensor, from, slices));
    }
  }

  private void normalise(Tensor<?> tensor, int from, TensorView slices) {
    BlockScale map = BlockScale.of(moments(tensor, from, slices), denominator, weight, bias);
    tensor.mapBlocks(from, map, activation);
  }
}
