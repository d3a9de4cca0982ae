package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.TensorView;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Count, sum and sum of squares of the finite values of each channel, exact for all doubles, with
 * the numbers of NaN and infinities beside them. They do not depend on the order of the values, on
 * how they are split and merged, or on whether floats come as floats or as doubles.
 *
 * <p>Instances are not safe for use by several threads while one of them adds or merges.
 */
public final class Moments {
  private final ChannelMoments[] channels;

  /**
   * Moments of no values.
   *
   * @throws IllegalArgumentException if there is not at least one channel
   */
  public Moments(int channels) {
    if (channels < 1) {
      throw new IllegalArgumentException(
          "Invalid number of channels: %d (must be positive)".formatted(channels));
    }

    this.channels = new ChannelMoments[channels];
    for (int c = 0; c < channels; c++) {
      this.channels[c] = new ChannelMoments();
    }
  }

  private Moments(ChannelMoments[] channels) {
    this.channels = channels;
  }

  public int channels() {
    return channels.length;
  }

  /** Adds one value to one channel. */
  public Moments add(int channel, double value) {
    channels[channel].add(value);
    return this;
  }

  /**
   * Adds every element of a record to its channel.
   *
   * @throws IllegalArgumentException if the view is not of the record's length or has another
   *     number of channels
   */
  public Moments add(float[] x, TensorView view) {
    check(x.length, view);
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (ChannelMoments channel : channels) {
        for (int end = i + view.inner(); i < end; i++) {
          channel.add(x[i]);
        }
      }
    }

    return this;
  }

  /**
   * Adds every element of a record to its channel.
   *
   * @throws IllegalArgumentException if the view is not of the record's length or has another
   *     number of channels
   */
  public Moments add(double[] x, TensorView view) {
    check(x.length, view);
    int i = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (ChannelMoments channel : channels) {
        for (int end = i + view.inner(); i < end; i++) {
          channel.add(x[i]);
        }
      }
    }

    return this;
  }

  private void check(int length, TensorView view) {
    checkChannels("add a record", view.channels());
    if (view.length() != length) {
      throw new IllegalArgumentException(
          "Cannot add a record: it has %d elements (expected %d)".formatted(length, view.length()));
    }
  }

  private void checkChannels(String what, int found) {
    if (found != channels.length) {
      throw new IllegalArgumentException(
          "Cannot %s: %d channels (expected %d)".formatted(what, found, channels.length));
    }
  }

  /**
   * Adds all that another instance holds, which stays as it is.
   *
   * @throws IllegalArgumentException if the numbers of channels differ
   */
  public Moments merge(Moments other) {
    checkChannels("merge moments", other.channels.length);
    for (int c = 0; c < channels.length; c++) {
      channels[c].merge(other.channels[c]);
    }

    return this;
  }

  /** How many finite values. */
  public long count(int channel) {
    return channels[channel].count();
  }

  public long nanCount(int channel) {
    return channels[channel].nanCount();
  }

  public long positiveInfinityCount(int channel) {
    return channels[channel].positiveInfinityCount();
  }

  public long negativeInfinityCount(int channel) {
    return channels[channel].negativeInfinityCount();
  }

  /** What {@link Statistics} says of the values so far. */
  public Statistics statistics() {
    return Statistics.of(channels);
  }

  /**
   * Writes the canonical state: equal moments write equal bytes. {@code MomentsState} describes the
   * format.
   */
  public void write(DataOutput out) throws IOException {
    MomentsState.write(channels, out);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException if the bytes are not a whole and undamaged state of a known
   *     format version
   */
  public static Moments read(DataInput in) throws IOException {
    return new Moments(MomentsState.read(in));
  }
}
