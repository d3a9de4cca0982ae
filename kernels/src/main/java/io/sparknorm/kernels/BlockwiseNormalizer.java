package io.sparknorm.kernels;

/**
 * Layer and root mean square normalisation: slices are contiguous blocks, the affine map is by
 * position in the block.
 */
abstract class BlockwiseNormalizer extends Normalizer {
  private static final long serialVersionUID = 1L;

  /**
   * The elements that are taken together. They are at hand for the map; fewer would change between
   * reading and writing too often for the memory.
   */
  private static final int NEAR = 65536;

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
    int step = Math.max(1, NEAR / block) * block;
    for (int from = 0; from < view.length(); from += step) {
      int blocks = Math.min(step, view.length() - from) / block;
      SliceMoments moments = moments(tensor, from, new TensorView(1, blocks, block));
      tensor.mapBlocks(from, BlockScale.of(moments, denominator, weight, bias), activation);
    }
  }
}
