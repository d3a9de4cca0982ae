package io.sparknorm.spark.fit;

import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.functions.FitResult;
import io.sparknorm.spark.models.GroupedState;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** Puts the parts of a column's fit together, in the order of their channels. */
final class FitResultBuilder implements Closeable {
  private final int channels;
  private FitPart first;
  private StateFile.Builder state;

  /**
   * @param channels of the moments
   */
  FitResultBuilder(int channels) {
    this.channels = channels;
  }

  void add(FitPart part) throws IOException {
    if (first == null) {
      first =
          new FitPart(
              part.records(), part.dropped(), part.added(), part.faults(), Optional.empty());
      state = part.moments().isPresent() ? new StateFile.Builder(channels) : null;
    }

    if (state != null) {
      state.add(part.moments().orElseThrow());
    }
  }

  FitResult build(Optional<GroupedState> groups) throws IOException {
    Optional<ExactState> moments = state == null ? Optional.empty() : Optional.of(state.build());
    return new FitResult(first.records(), first.dropped(), first.faults(), moments, groups);
  }

  @Override
  public void close() throws IOException {
    if (state != null) {
      state.close();
    }
  }
}
