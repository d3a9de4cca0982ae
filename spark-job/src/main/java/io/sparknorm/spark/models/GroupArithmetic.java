package io.sparknorm.spark.models;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.DatasetNorm;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.NeverAddedException;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.ScratchFile;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * Adds and subtracts the groups of versions, whose files it reads side by side: of each it holds
 * one group at a time. What this gives of a group is what a fit gives on the records that are left
 * of it, and nothing where none are.
 *
 * <p>It has no more than some files open, each a connection to a store: of more versions it adds or
 * subtracts some, and the next to the result so far, which is on the driver's disk.
 */
final class GroupArithmetic {
  private static final int MOST_OPEN = 32;
  private static final Path SCRATCH = new Path("scratch");

  private final ModelStore store;
  private final List<Manifest> sources;
  private final int mostOpen;
  private final GroupBy by;
  private final RecordType type;
  private final Variance variance;

  /**
   * For one operation.
   *
   * @param sources with the same groups, type and norm
   */
  GroupArithmetic(ModelStore store, List<Manifest> sources) {
    this(store, sources, MOST_OPEN);
  }

  /**
   * @param mostOpen how many files may be open at once, at least 2
   */
  GroupArithmetic(ModelStore store, List<Manifest> sources, int mostOpen) {
    this.store = store;
    this.sources = sources;
    this.mostOpen = mostOpen;
    Manifest first = sources.get(0);
    by = first.groups().orElseThrow().by();
    type = first.type();
    variance = ((DatasetNorm) first.spec().norm()).variance();
  }

  /** What becomes of the groups that several files have of one key. */
  @FunctionalInterface
  private interface Operation {
    /**
     * Takes the groups.
     *
     * @param first the number of the source that the first file is, or the last one in it
     * @return empty if nothing is left of it
     */
    Optional<GroupEntry> group(GroupReaders files, int first) throws IOException;
  }

  private GroupedState carryOut(Operation operation) throws IOException {
    try (GroupReaders files = new GroupReaders()) {
      int opened = 0;
      while (true) {
        while (opened < sources.size() && files.count() < mostOpen) {
          files.add(store.groupMoments(sources.get(opened)));
          opened++;
        }

        int first = opened - files.count();
        if (opened == sources.size()) {
          return result(files, first, operation);
        }

        GroupReader soFar = interim(files, first, operation);
        files.close();
        files.add(soFar);
      }
    }
  }

  /** The result so far, as a file like the others. */
  private GroupReader interim(GroupReaders files, int first, Operation operation)
      throws IOException {
    try (ScratchFile groups = new ScratchFile()) {
      int count = 0;
      while (files.next()) {
        Optional<GroupEntry> group = operation.group(files, first);
        if (group.isPresent()) {
          group.get().writeMoments(groups.out());
          count = Math.addExact(count, 1);
        }
      }

      groups.out().flush();
      int channels = type.shape().channels();
      ScratchFile whole = new ScratchFile();
      GroupFile.MOMENTS.write(channels, count, groups::copyTo, whole.out());
      whole.out().flush();
      return GroupReader.open(SCRATCH, whole.in(), channels, count);
    }
  }

  private GroupedState result(GroupReaders files, int first, Operation operation)
      throws IOException {
    try (GroupedState.Builder groups = new GroupedState.Builder()) {
      int count = 0;
      while (files.next()) {
        Optional<GroupEntry> group = operation.group(files, first);
        if (group.isPresent()) {
          add(group.get(), groups);
          count = Math.addExact(count, 1);
        }
      }

      return groups.build(by, type.shape().channels(), count);
    }
  }

  /** The groups of any. */
  GroupedState merged() throws IOException {
    return carryOut((files, first) -> sum(files));
  }

  private static Optional<GroupEntry> sum(GroupReaders files) throws IOException {
    Optional<GroupEntry> sum = Optional.empty();
    for (int file = 0; file < files.count(); file++) {
      Optional<GroupEntry> more = files.take(file);
      sum =
          sum.isPresent() && more.isPresent()
              ? Optional.of(sum(sum.get(), more.get()))
              : sum.or(() -> more);
    }

    return sum;
  }

  private static GroupEntry sum(GroupEntry sum, GroupEntry more) {
    Moments moments = sum.moments();
    moments.merge(more.moments());
    return new GroupEntry(sum.key(), Math.addExact(sum.records(), more.records()), moments);
  }

  /** Says why a version was never a part of the first. */
  @FunctionalInterface
  interface Refusal {
    RuntimeException of(int source, String why, Throwable cause);
  }

  /** What is left of the groups of the first without those of the others. */
  GroupedState subtracted(Refusal refusal) throws IOException {
    return carryOut((files, first) -> difference(files, first, refusal));
  }

  private Optional<GroupEntry> difference(GroupReaders files, int first, Refusal refusal)
      throws IOException {
    Optional<GroupEntry> left = files.take(0);
    for (int file = 1; file < files.count(); file++) {
      Optional<GroupEntry> less = files.take(file);
      if (less.isPresent()) {
        left = Optional.of(difference(left, less.get(), first + file, refusal));
      }
    }

    return left.filter(group -> group.records() > 0);
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

  private void add(GroupEntry group, GroupedState.Builder groups) throws IOException {
    Statistics derived = group.moments().statistics();
    checkRange(group, derived.variance(variance));
    ByteArrayOutputStream statistics = new ByteArrayOutputStream();
    group.writeStatistics(derived, variance, new DataOutputStream(statistics));
    ByteArrayOutputStream moments = new ByteArrayOutputStream();
    group.writeMoments(new DataOutputStream(moments));
    groups.add(statistics.toByteArray(), moments.toByteArray());
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
}
