package io.sparknorm.spark.models;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.NeverAddedException;
import io.sparknorm.kernels.moments.Statistics;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Adds and subtracts the groups of versions, whose files it reads side by side: of each it holds
 * one group at a time. What this gives of a group is what a fit gives on the records that are left
 * of it, and nothing where none are.
 */
final class GroupArithmetic implements Closeable {
  private final ModelStore store;
  private final List<Manifest> sources;
  private final List<GroupReader> readers = new ArrayList<>();
  private final GroupBy by;
  private final RecordType type;
  private final Variance variance;
  private final GroupedState.Builder groups = new GroupedState.Builder();
  private int count;

  /**
   * For one operation.
   *
   * @param sources with the same groups, type and norm
   */
  GroupArithmetic(ModelStore store, List<Manifest> sources) throws IOException {
    this.store = store;
    this.sources = sources;
    Manifest first = sources.get(0);
    by = first.groups().orElseThrow().by();
    type = first.type();
    variance = ((DatasetNorm) first.spec().norm()).variance();
  }

  private void open() throws IOException {
    for (Manifest source : sources) {
      readers.add(store.groupMoments(source));
    }
  }

  /** The groups of any. */
  GroupedState merged() throws IOException {
    open();
    for (Optional<byte[]> next = next(); next.isPresent(); next = next()) {
      List<GroupEntry> found = new ArrayList<>();
      for (GroupReader reader : readers) {
        take(reader, next.get()).ifPresent(found::add);
      }

      add(sum(found));
    }

    return groups.build(by, type.shape().channels(), count);
  }

  private static GroupEntry sum(List<GroupEntry> found) {
    Moments moments = found.get(0).moments();
    long records = found.get(0).records();
    for (GroupEntry more : found.subList(1, found.size())) {
      moments.merge(more.moments());
      records = Math.addExact(records, more.records());
    }

    return new GroupEntry(found.get(0).key(), records, moments);
  }

  /** Says why a version was never a part of the first. */
  @FunctionalInterface
  interface Refusal {
    RuntimeException of(int source, String why, Throwable cause);
  }

  /** What is left of the groups of the first without those of the others. */
  GroupedState subtracted(Refusal refusal) throws IOException {
    open();
    for (Optional<byte[]> next = next(); next.isPresent(); next = next()) {
      Optional<GroupEntry> left = take(readers.get(0), next.get());
      for (int source = 1; source < readers.size(); source++) {
        Optional<GroupEntry> less = take(readers.get(source), next.get());
        if (less.isPresent()) {
          left = Optional.of(difference(left, less.get(), source, refusal));
        }
      }

      if (left.orElseThrow().records() > 0) {
        add(left.get());
      }
    }

    return groups.build(by, type.shape().channels(), count);
  }

  private GroupEntry difference(
      Optional<GroupEntry> whole, GroupEntry part, int source, Refusal refusal) {
    String group = "the group " + by.describe(part.key());
    if (whole.isEmpty()) {
      throw refusal.of(source, group + " is not in it", null);
    }

    Moments moments = whole.get().moments();
    try {
      moments.subtract(part.moments());
    } catch (NeverAddedException e) {
      String channel = type.channelName(e.channel());
      throw refusal.of(
          source, "channel %s of %s would be left with %s".formatted(channel, group, e.left()), e);
    }

    long records = whole.get().records() - part.records();
    if (records < 0 || (records == 0 && hasValues(moments))) {
      throw refusal.of(
          source,
          "%s would be left with %d records%s"
              .formatted(group, records, records == 0 ? " that have values" : ""),
          null);
    }

    return new GroupEntry(part.key(), records, moments);
  }

  /** Whether there is any value, of whatever kind, in any channel. */
  static boolean hasValues(Moments moments) {
    for (int c = 0; c < moments.channels(); c++) {
      if (moments.count(c) > 0
          || moments.nanCount(c) > 0
          || moments.positiveInfinityCount(c) > 0
          || moments.negativeInfinityCount(c) > 0) {
        return true;
      }
    }

    return false;
  }

  /** The digest of the key that comes next in the order of the files. */
  private Optional<byte[]> next() {
    return readers.stream()
        .filter(reader -> reader.current().isPresent())
        .map(GroupReader::digest)
        .min(Arrays::compareUnsigned);
  }

  /** The group that a file stands at, if it is the one with this digest; it goes on then. */
  private static Optional<GroupEntry> take(GroupReader reader, byte[] digest) throws IOException {
    Optional<GroupEntry> current = reader.current();
    if (current.isEmpty() || !Arrays.equals(reader.digest(), digest)) {
      return Optional.empty();
    }

    reader.advance();
    return current;
  }

  private void add(GroupEntry group) throws IOException {
    Statistics derived = group.moments().statistics();
    checkRange(group, derived.variance(variance));
    ByteArrayOutputStream statistics = new ByteArrayOutputStream();
    group.writeStatistics(derived, variance, new DataOutputStream(statistics));
    ByteArrayOutputStream moments = new ByteArrayOutputStream();
    group.writeMoments(new DataOutputStream(moments));
    groups.add(statistics.toByteArray(), moments.toByteArray());
    count = Math.addExact(count, 1);
  }

  private void checkRange(GroupEntry group, Coefficients variances) {
    for (int c = 0; c < variances.size(); c++) {
      if (Double.isInfinite(variances.get(c))) {
        throw new IllegalArgumentException(
            "the variance of channel %s of the group %s is beyond the range of a double (scale the"
                    .formatted(type.channelName(c), by.describe(group.key()))
                + " values down)");
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (GroupReader reader : readers) {
      reader.close();
    }
  }
}
