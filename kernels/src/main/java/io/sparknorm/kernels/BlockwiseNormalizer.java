package io.sparknorm.kernels;

/**
 * Layer and root mean square normalisation: slices are contiguous blocks, the affine map is by
 * position in the block.
 */
final class BlockwiseNormalizer extends Normalizer {
  private static final long serialVersionUID = 1L;

  private final int block;
  private final boolean aboutMean;
  private final Denominator denominator;
  private final double[] weight;
  private final double[] bias;
  private final Activation activation;

  /**
   * @param aboutMean whether a block is standardised by what its elements deviate from their mean,
   *     and not from zero
   */
  BlockwiseNormalizer(
      TensorShape shape,
      int block,
      boolean aboutMean,
      Denominator denominator,
      Affine affine,
      Activation activation) {
    super(shape);
    this.block = block;
    this.aboutMean = aboutMean;
    this.denominator = denominator;
    this.weight = affine.weight().orElse(1, block);
    this.bias = affine.bias().orElse(0, block);
    this.activation = activation;
  }

  @Override
  void normalise(Tensor<?> tensor, TensorView view) {
    int blocks = view.length() / block;
    if (blocks > 0) {
      Tensor.inParts(new TensorView(1, blocks, block), blocks, new Parts(tensor));
    }
  }

  /**
   * The parts of one record, with moments and map in the same arrays where that can be: new ones
   * are memory that is not near, which took a fortieth of the time of blocks of 512.
   */
  private final class Parts implements Tensor.Part {
    private final Tensor<?> tensor;
    private SliceMoments moments;
    private BlockScale map;

    Parts(Tensor<?> tensor) {
      this.tensor = tensor;
    }

    @Override
    public void take(int from, TensorView slices, int firstBlock) {
      if (moments != null && tensor.takeAgain(moments, from, slices)) {
        map.standardise(moments, denominator);
      } else {
        moments = aboutMean ? tensor.moments(from, slices) : tensor.squares(from, slices);
        map = BlockScale.of(moments, denominator, weight, bias);
      }

      tensor.mapBlocks(from, map, activation);
    }
  }
}
