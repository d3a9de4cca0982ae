package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Finite;
import io.sparknorm.kernels.InstanceStatistics;
import io.sparknorm.kernels.NonFinite;
import io.sparknorm.kernels.Normalizer;
import io.sparknorm.kernels.TensorView;
import io.sparknorm.kernels.moments.Moments;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;

record DoubleElements(double[] values) implements Elements {
  @Override
  public int length() {
    return values.length;
  }

  @Override
  public double get(int position) {
    return values[position];
  }

  @Override
  public void set(int position, double value) {
    values[position] = value;
  }

  @Override
  public Elements copy() {
    return new DoubleElements(values.clone());
  }

  @Override
  public boolean hasNonFinite() {
    return NonFinite.any(values);
  }

  @Override
  public void addFinite(int from, int to, double[] sums, int at) {
    Finite.add(values, from, to, sums, at);
  }

  @Override
  public void normalise(Normalizer normalizer) {
    normalizer.apply(values, values);
  }

  @Override
  public void normaliseSkippingNaN(Normalizer normalizer) {
    normalizer.applySkippingNaN(values, values);
  }

  @Override
  public void addTo(Moments moments, TensorView view, long times) {
    moments.add(values, view, times);
  }

  @Override
  public InstanceStatistics instanceStatistics(TensorView view) {
    return InstanceStatistics.of(values, view);
  }

  @Override
  public InstanceStatistics presentInstanceStatistics(TensorView view) {
    return InstanceStatistics.ofPresent(values, view);
  }

  @Override
  public FloatElements toFloats() {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }

    return new FloatElements(floats);
  }

  @Override
  public UnsafeArrayData toArrayData(int from, int to) {
    boolean whole = from == 0 && to == values.length;
    return UnsafeArrayData.fromPrimitiveArray(
        whole ? values : Arrays.copyOfRange(values, from, to));
  }
}
