package io.sparknorm.spark.fit;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitPart;
import io.sparknorm.spark.functions.GroupState;
import io.sparknorm.spark.models.GroupEntry;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import scala.Tuple2;

/**
 * Merges the states of groups, which come in the order of what they go under, holding two of them
 * at a time. Gives the groups in chunks of a file's bytes, {@link GroupChunk}, and last of all a
 * {@link GroupSummary}.
 */
final class GroupMerger implements Iterator<byte[]> {
  private static final int CHUNK_BYTES = 1 << 20;

  private final Iterator<Tuple2<byte[], byte[]>> states;
  private final FitColumn<?> column;
  private final ByteArrayOutputStream statistics = new ByteArrayOutputStream();
  private final ByteArrayOutputStream moments = new ByteArrayOutputStream();
  private GroupSummary summary = GroupSummary.none();
  private Tuple2<byte[], byte[]> next;
  private boolean isAtEnd;

  GroupMerger(Iterator<Tuple2<byte[], byte[]>> states, FitColumn<?> column) {
    this.states = states;
    this.column = column;
    advance();
  }

  @Override
  public boolean hasNext() {
    return !isAtEnd;
  }

  @Override
  public byte[] next() {
    if (isAtEnd) {
      throw new NoSuchElementException();
    }

    while (next != null && statistics.size() + moments.size() < CHUNK_BYTES) {
      addGroup();
    }

    if (statistics.size() == 0) {
      isAtEnd = true;
      return summary.toBytes();
    }

    GroupChunk chunk = new GroupChunk(statistics.toByteArray(), moments.toByteArray());
    summary = summary.with(chunk);
    statistics.reset();
    moments.reset();
    return chunk.toBytes();
  }

  private void advance() {
    next = states.hasNext() ? states.next() : null;
  }

  private void addGroup() {
    byte[] key = GroupState.of(next._2()).key();
    FitPart part = column.sum(() -> FitPart.ofGroup(new Group(next._1())));
    if (part.moments().isPresent()) {
      add(key, part, part.moments().get());
    }

    summary = column.sum(() -> summary.with(part));
  }

  private void add(byte[] key, FitPart part, Moments found) {
    try {
      GroupEntry entry = new GroupEntry(key, part.added(), found);
      Statistics derived = found.statistics();
      entry.writeStatistics(
          derived, column.grouping().variance(), new DataOutputStream(statistics));
      entry.writeMoments(new DataOutputStream(moments));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The states of one group. */
  private final class Group implements Iterator<byte[]> {
    private final byte[] under;

    Group(byte[] under) {
      this.under = under;
    }

    @Override
    public boolean hasNext() {
      return next != null && Arrays.equals(next._1(), under);
    }

    @Override
    public byte[] next() {
      byte[] state = GroupState.of(next._2()).state();
      advance();
      return state;
    }
  }
}
