package io.sparknorm.kernels;

/** A norm whose statistics are each record's own: it maps record by record. */
public sealed interface RecordNorm extends Norm
    permits LayerNorm, RmsNorm, InstanceNorm, GroupNorm, EvoNormS {
  /**
   * Binds the norm to the shape of the records.
   *
   * @throws IllegalArgumentException if the norm's parameters do not fit the shape
   */
  Normalizer normalizer(TensorShape shape);
}
