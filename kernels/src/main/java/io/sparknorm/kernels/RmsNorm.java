package io.sparknorm.kernels;

import java.util.List;

/**
 * Root mean square normalisation: {@code x / sqrt(mean(x^2) + epsilon) * weight} over every
 * contiguous block of {@code normalizedShape} (Zhang and Sennrich, "Root Mean Square Layer
 * Normalization", 2019, equation 4; {@code torch.nn.RMSNorm}).
 *
 * @param normalizedShape the last dimensions of the record that one mean square covers
 * @param epsilon added inside the root
 * @param weight one value per position in the block, or none
 * @param activation applied last
 */
public record RmsNorm(
    List<Integer> normalizedShape, double epsilon, Coefficients weight, Activation activation)
    implements RecordNorm {
  public RmsNorm {
    normalizedShape = List.copyOf(normalizedShape);
    Denominator.insideSqrt(epsilon);
  }

  /** Neither weight nor activation. */
  public static RmsNorm over(double epsilon, Integer... normalizedShape) {
    return new RmsNorm(List.of(normalizedShape), epsilon, Coefficients.NONE, Activation.NONE);
  }

  @Override
  public Normalizer normalizer(TensorShape shape) {
    int block = LayerNorm.blockLength(normalizedShape, shape);
    weight.checkSize("weight", block, "position in the normalized shape");
    Denominator denominator = Denominator.insideSqrt(epsilon);
    Affine affine = new Affine(weight, Coefficients.NONE);
    return new BlockwiseNormalizer(shape, block, false, denominator, affine, activation);
  }
}
