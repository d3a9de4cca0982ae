package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.TensorView;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Exact count, sum and sum of squares per channel. */
public final class Moments {
  private final int channels;

  public Moments(int channels) {
    this.channels = channels;
  }

  public int channels() {
    return channels;
  }

  /** Adds one value to one channel. */
  public Moments add(int channel, double value) {
    throw new UnsupportedOperationException("in the making");
  }

  /** Adds every element of a record to its channel. */
  public Moments add(float[] x, TensorView view) {
    throw new UnsupportedOperationException("in the making");
  }

  /** Adds every element of a record to its channel. */
  public Moments add(double[] x, TensorView view) {
    throw new UnsupportedOperationException("in the making");
  }

  /** Adds all that another instance holds. */
  public Moments merge(Moments other) {
    throw new UnsupportedOperationException("in the making");
  }

  /** How many finite values. */
  public long count(int channel) {
    throw new UnsupportedOperationException("in the making");
  }

  public long nanCount(int channel) {
    throw new UnsupportedOperationException("in the making");
  }

  public long positiveInfinityCount(int channel) {
    throw new UnsupportedOperationException("in the making");
  }

  public long negativeInfinityCount(int channel) {
    throw new UnsupportedOperationException("in the making");
  }

  public Statistics statistics() {
    throw new UnsupportedOperationException("in the making");
  }

  /** Writes the canonical state: equal moments write equal bytes. */
  public void write(DataOutput out) throws IOException {
    throw new UnsupportedOperationException("in the making");
  }

  /** Reads what {@link #write} wrote. */
  public static Moments read(DataInput in) throws IOException {
    throw new UnsupportedOperationException("in the making");
  }
}
