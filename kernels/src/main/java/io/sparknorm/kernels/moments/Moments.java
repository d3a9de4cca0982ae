package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.TensorView;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * Count, sum and sum of squares of the finite values of each channel, exact for all doubles, with
 * the numbers of NaN and infinities beside them. They do not depend on the order of the values, on
 * how they are split and merged, or on whether floats come as floats or as doubles.
 *
 * <p>Records are copied or added at once, so that arrays can be used again. Instances are not safe
 * for use by several threads, not even for reading: what was added may still be on its way.
 */
public final class Moments implements ExactState {
  /** Up to so many times the fast road is the shorter one. */
  private static final int FEW_TIMES = 16;

  /** From so many records on, the fast road is worth its memory to those that spare it. */
  private static final int MANY_RECORDS = 128;

  private final ChannelMoments[] channels;
  private final TileLoops loops;

  /** How many more records go value by value. */
  private int valueByValue;

  /** Made when the first record of the kind comes. */
  private FloatFront floats;

  private DoubleFront doubles;

  /**
   * Moments of no values.
   *
   * @throws IllegalArgumentException if there is not at least one channel
   */
  public Moments(int channels) {
    this(channels, TileLoops.best());
  }

  Moments(int channels, TileLoops loops) {
    checkPositive(channels);
    this.loops = loops;
    this.channels = new ChannelMoments[channels];
    for (int c = 0; c < channels; c++) {
      this.channels[c] = new ChannelMoments();
    }
  }

  /**
   * Moments of no values, of which there may be very many at once: as long as they have few
   * records, these are added value by value, which takes a fraction of the memory and more time.
   *
   * @throws IllegalArgumentException if there is not at least one channel
   */
  public static Moments sparing(int channels) {
    Moments moments = new Moments(channels);
    moments.valueByValue = MANY_RECORDS;
    return moments;
  }

  /** The least memory, in bytes, that moments with values in all channels take. */
  public static long leastBytes(int channels) {
    return channels * ChannelMoments.LEAST_BYTES;
  }

  /** The least memory, in bytes, that moments take while records of floats are added to them. */
  public static long leastBytesForFloats(int channels) {
    return leastBytes(channels) + channels * FloatFront.LEAST_BYTES;
  }

  /** The least memory, in bytes, that moments take while records of doubles are added to them. */
  public static long leastBytesForDoubles(int channels) {
    return leastBytes(channels) + channels * DoubleFront.LEAST_BYTES;
  }

  private Moments(ChannelMoments[] channels) {
    this.channels = channels;
    loops = TileLoops.best();
  }

  /** The memory, in bytes, that these moments take now. */
  public long bytes() {
    long bytes =
        (floats == null ? 0 : floats.bytes(Float.BYTES))
            + (doubles == null ? 0 : doubles.bytes(Double.BYTES));
    for (ChannelMoments channel : channels) {
      bytes += channel.bytes();
    }

    return bytes;
  }

  static void checkPositive(int channels) {
    if (channels < 1) {
      throw new IllegalArgumentException(
          "Invalid number of channels: %d (must be positive)".formatted(channels));
    }
  }

  @Override
  public int channels() {
    return channels.length;
  }

  /**
   * The moments of neighbouring channels, which are these channels and no copies until one of the
   * two has something subtracted.
   *
   * @param from the first channel
   * @param to the channel after the last
   */
  public Moments slice(int from, int to) {
    Objects.checkFromToIndex(from, to, channels.length);
    checkPositive(to - from);
    return new Moments(Arrays.copyOfRange(settled(), from, to));
  }

  /**
   * Adds one value to one channel.
   *
   * @throws ArithmeticException if the channel's values become more than a long can count
   */
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
    if (valueByValue > 0) {
      valueByValue--;
      return addSingly(x, view);
    }

    if (floats == null) {
      floats = new FloatFront(channels, loops);
    }

    floats.add(x, view);
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
    if (valueByValue > 0) {
      valueByValue--;
      return addSingly(x, view);
    }

    if (doubles == null) {
      doubles = new DoubleFront(channels, loops);
    }

    doubles.add(x, view);
    return this;
  }

  /**
   * Adds one value to one channel, several times.
   *
   * @throws IllegalArgumentException if the number of times is negative
   * @throws ArithmeticException if the channel's values become more than a long can count
   */
  public Moments add(int channel, double value, long times) {
    if (checkTimes(times) > 0) {
      channels[channel].add(value, times);
    }

    return this;
  }

  /**
   * Adds every element of a record to its channel, several times: the same bits as that many calls
   * of {@link #add(float[], TensorView)}.
   *
   * @throws IllegalArgumentException as there, and if the number of times is negative
   * @throws ArithmeticException if a channel's values become more than a long can count
   */
  public Moments add(float[] x, TensorView view, long times) {
    check(x.length, view);
    if (checkTimes(times) <= FEW_TIMES) {
      for (int i = 0; i < times; i++) {
        add(x, view);
      }

      return this;
    }

    for (int i = 0; i < x.length; i++) {
      channels[view.channelOf(i)].add(x[i], times);
    }

    return this;
  }

  /** As {@link #add(float[], TensorView, long)}. */
  public Moments add(double[] x, TensorView view, long times) {
    check(x.length, view);
    if (checkTimes(times) <= FEW_TIMES) {
      for (int i = 0; i < times; i++) {
        add(x, view);
      }

      return this;
    }

    for (int i = 0; i < x.length; i++) {
      channels[view.channelOf(i)].add(x[i], times);
    }

    return this;
  }

  private Moments addSingly(float[] x, TensorView view) {
    int at = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (ChannelMoments channel : channels) {
        for (int end = at + view.inner(); at < end; at++) {
          channel.add(x[at]);
        }
      }
    }

    return this;
  }

  private Moments addSingly(double[] x, TensorView view) {
    int at = 0;
    for (int o = 0; o < view.outer(); o++) {
      for (ChannelMoments channel : channels) {
        for (int end = at + view.inner(); at < end; at++) {
          channel.add(x[at]);
        }
      }
    }

    return this;
  }

  private static long checkTimes(long times) {
    if (times < 0) {
      throw new IllegalArgumentException(
          "Invalid number of times: %d (must not be negative)".formatted(times));
    }

    return times;
  }

  /** The channels, once they have all that was added. */
  ChannelMoments[] settled() {
    if (floats != null) {
      floats.flush();
    }

    if (doubles != null) {
      doubles.flush();
    }

    return channels;
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
   * @throws ArithmeticException if a channel's values become more than a long can count
   */
  public Moments merge(Moments other) {
    checkChannels("merge moments", other.channels.length);
    ChannelMoments[] more = other.settled();
    settled();
    for (int c = 0; c < channels.length; c++) {
      channels[c].merge(more[c]);
    }

    return this;
  }

  /**
   * Takes away all that another instance holds, which stays as it is: what is left is, to the bit,
   * what it would be had those values never been added.
   *
   * @throws NeverAddedException if this cannot have held all of that; nothing is taken away then
   * @throws IllegalArgumentException if the numbers of channels differ
   */
  public Moments subtract(Moments other) {
    checkChannels("subtract moments", other.channels.length);
    ChannelMoments[] less = other.settled();
    settled();
    ChannelMoments[] left = new ChannelMoments[channels.length];
    for (int c = 0; c < left.length; c++) {
      left[c] = channels[c].less(less[c]);
      Optional<String> flaw = left[c].flaw();
      if (flaw.isPresent()) {
        throw new NeverAddedException(c, flaw.get());
      }
    }

    System.arraycopy(left, 0, channels, 0, left.length);
    return this;
  }

  /** How many finite values. */
  public long count(int channel) {
    return settled()[channel].count();
  }

  public long nanCount(int channel) {
    return settled()[channel].nanCount();
  }

  public long positiveInfinityCount(int channel) {
    return settled()[channel].positiveInfinityCount();
  }

  public long negativeInfinityCount(int channel) {
    return settled()[channel].negativeInfinityCount();
  }

  /** What {@link Statistics} says of the values so far. */
  @Override
  public Statistics statistics() {
    return Statistics.of(settled());
  }

  @Override
  public void write(DataOutput out) throws IOException {
    MomentsState.write(settled(), out);
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
