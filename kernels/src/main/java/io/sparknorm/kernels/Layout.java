package io.sparknorm.kernels;

/** Where the channels stand among a record's dimensions. */
public enum Layout {
  /** The first dimension is the channel: {@code [C, H, W]}, NCHW once records are stacked. */
  CHANNELS_FIRST,
  /** The last dimension is the channel: {@code [H, W, C]}, NHWC once records are stacked. */
  CHANNELS_LAST
}
