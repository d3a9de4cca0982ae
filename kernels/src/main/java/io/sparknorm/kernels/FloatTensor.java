package io.sparknorm.kernels;

record FloatTensor(float[] x, float[] out, boolean skippingNaN) implements Tensor {
  @Override
  public SliceMoments moments(TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    if (skippingNaN) {
      Loops.best().presentMoments(x, slices, moments);
    } else {
      Loops.best().moments(x, slices, moments);
    }

    return moments;
  }

  @Override
  public SliceMoments squares(TensorView slices) {
    SliceMoments moments = new SliceMoments(slices.channels());
    if (skippingNaN) {
      Loops.best().presentSquares(x, slices, moments);
    } else {
      Loops.best().squares(x, slices, moments);
    }

    return moments;
  }

  @Override
  public void map(TensorView view, ShiftScale map) {
    Loops.best().map(x, view, map, out);
  }

  @Override
  public void map(TensorView view, Gate map) {
    Loops.best().map(x, view, map, out);
  }

  @Override
  public void map(TensorView view, MaxDivision map) {
    Loops.best().map(x, view, map, out);
  }

  @Override
  public void map(BlockScale map) {
    Loops.best().map(x, map, out);
  }
}
