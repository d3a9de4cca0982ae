package io.sparknorm.spark.functions;

import io.sparknorm.kernels.Layout;
import java.util.Locale;
import org.apache.spark.unsafe.types.UTF8String;

/** Layouts as SQL has them. */
final class Layouts {
  private static final UTF8String FIRST = UTF8String.fromString("channels-first");
  private static final UTF8String LAST = UTF8String.fromString("channels-last");

  private Layouts() {}

  /**
   * The layout of a name, in any case.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Layout of(UTF8String name) {
    // The usual spellings arrive with every row and need no text made of them.
    if (name.equals(FIRST)) {
      return Layout.CHANNELS_FIRST;
    }

    if (name.equals(LAST)) {
      return Layout.CHANNELS_LAST;
    }

    return switch (name.toString().toLowerCase(Locale.ROOT)) {
      case "channels-first", "nchw" -> Layout.CHANNELS_FIRST;
      case "channels-last", "nhwc" -> Layout.CHANNELS_LAST;
      default ->
          throw new IllegalArgumentException(
              "Invalid layout: %s (must be channels-first or channels-last; NCHW and NHWC stand for"
                      .formatted(name)
                  + " them)");
    };
  }
}
