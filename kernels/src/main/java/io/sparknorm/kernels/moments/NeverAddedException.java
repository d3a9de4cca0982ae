package io.sparknorm.kernels.moments;

/** Moments were to be taken away from others that they cannot have been added to. */
public final class NeverAddedException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int channel;
  private final String left;

  NeverAddedException(int channel, String left) {
    super("Cannot subtract moments: channel %d would be left with %s".formatted(channel, left));
    this.channel = channel;
    this.left = left;
  }

  /** The first channel in which it shows. */
  public int channel() {
    return channel;
  }

  /** What that channel would be left with, and no values can give. */
  public String left() {
    return left;
  }
}
