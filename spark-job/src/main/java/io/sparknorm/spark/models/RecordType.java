package io.sparknorm.spark.models;

import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.config.Difference;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * What all records of a dataset have in common, and a model asks of the data it is applied to.
 *
 * @param shape the shape and layout of one record
 * @param elementType how the data stores its elements
 * @param channelNames the scalar columns that are the channels, in order; empty for a tensor column
 */
public record RecordType(TensorShape shape, ElementType elementType, List<String> channelNames)
    implements Serializable {
  public RecordType {
    channelNames = List.copyOf(channelNames);
    if (!channelNames.isEmpty() && channelNames.size() != shape.channels()) {
      throw new IllegalArgumentException(
          "Invalid channel names: %d names (expected %d, one per channel)"
              .formatted(channelNames.size(), shape.channels()));
    }
  }

  /** The type of a tensor column. */
  public static RecordType tensor(TensorShape shape, ElementType elementType) {
    return new RecordType(shape, elementType, List.of());
  }

  /** What a channel is called: its column, or its number. */
  public String channelName(int channel) {
    return channelNames.isEmpty() ? String.valueOf(channel) : channelNames.get(channel);
  }

  /**
   * How another type differs from this one; empty if a model of the one takes data of the other.
   * Shape, layout (where there is more than one dimension), element type and channel names must be
   * the same, these in any case, as for Spark.
   */
  public Optional<Difference> differenceFrom(RecordType other) {
    String ours = describe();
    String theirs = other.describe();
    int channel = firstDifference(other);
    if (ours.equals(theirs) && channel < Math.max(channelNames.size(), other.channelNames.size())) {
      ours += ", " + describe(channel);
      theirs += ", " + other.describe(channel);
    }

    return ours.equals(theirs) ? Optional.empty() : Optional.of(new Difference(ours, theirs));
  }

  private String describe() {
    return shape + " " + elementType;
  }

  private String describe(int channel) {
    return channelNames.isEmpty()
        ? "a tensor column"
        : "channel %d is column %s".formatted(channel, channelNames.get(channel));
  }

  private int firstDifference(RecordType data) {
    int channel = 0;
    while (channel < Math.min(channelNames.size(), data.channelNames.size())
        && channelNames.get(channel).equalsIgnoreCase(data.channelNames.get(channel))) {
      channel++;
    }

    return channel;
  }
}
