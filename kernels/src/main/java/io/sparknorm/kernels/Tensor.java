package io.sparknorm.kernels;

/** One record's tensor on its way through a norm: the input, the output and their element type. */
sealed interface Tensor permits FloatTensor, DoubleTensor {
  /** Mean and squared deviations of every slice; the view's channels are the slices. */
  SliceMoments moments(TensorView slices);

  /** Mean zero and squares of every slice. */
  SliceMoments squares(TensorView slices);

  void map(TensorView view, ShiftScale map);

  void map(TensorView view, Gate map);

  void map(TensorView view, MaxDivision map);

  void map(BlockScale map);
}
