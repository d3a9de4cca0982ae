package io.sparknorm.spark.models;

import io.sparknorm.kernels.moments.Moments;
import io.sparknorm.kernels.moments.NeverAddedException;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.ProductVersion;
import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.config.Difference;
import io.sparknorm.spark.models.InputIdentity.InputVersion;
import io.sparknorm.spark.models.InputIdentity.Part;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Adds and subtracts published versions. Moments are exact, so the version that this publishes has,
 * to the bit, the moments and statistics that one fit would give: of a merge, on all the sources'
 * records together; of a subtraction, on the records that are left.
 *
 * <p>It is published as such a fit would be, as the next version of a model of any name: running
 * statistics go on from that model's last version and move once, and the same operation on the same
 * versions is recognised and not carried out again.
 */
public final class VersionArithmetic {
  private static final int MOST_NAMED = 3;

  private final ModelStore store;

  public VersionArithmetic(ModelStore store) {
    this.store = store;
  }

  /** A published version and what it says of itself. */
  private record Source(ModelId id, Manifest manifest) {
    String sha256() {
      return manifest.moments().orElseThrow().digest().sha256();
    }

    RecordCounts counts() {
      return manifest.provenance().counts();
    }

    Optional<GroupBy> groups() {
      return manifest.groups().map(Manifest.Groups::by);
    }
  }

  /**
   * Publishes the sum of versions.
   *
   * @param into the model whose next version it becomes
   * @param sources at least one, none twice
   * @throws JobException if a version does not exist or has no moments, or they are not of the same
   *     norm and the same type of records; nothing is published then
   */
  public Publication merge(String into, List<ModelId> sources) throws IOException {
    List<Source> merged = open("merge", sources);
    List<InputVersion> input = merged.stream().map(s -> input(Part.MERGED, s)).toList();
    InputIdentity identity = InputIdentity.of("merge of " + names(merged), input);
    try {
      Moments moments = moments(merged.get(0));
      RecordCounts counts = merged.get(0).counts();
      for (Source source : merged.subList(1, merged.size())) {
        moments.merge(moments(source));
        counts = counts.plus(source.counts());
      }

      Optional<GroupedState> groups = groups(into, merged, GroupArithmetic::merged);
      return publish(into, merged.get(0), moments, groups, counts, identity);
    } catch (ArithmeticException e) {
      throw new JobException(
          LeavingStatus.DATA,
          "Cannot merge %s: the values of a channel are more than %d; nothing was published"
              .formatted(names(merged), Long.MAX_VALUE),
          e);
    }
  }

  /** What is done with the files of groups. */
  @FunctionalInterface
  private interface OfGroups {
    GroupedState groups(GroupArithmetic arithmetic) throws IOException;
  }

  private Optional<GroupedState> groups(String into, List<Source> sources, OfGroups operation)
      throws IOException {
    if (sources.get(0).groups().isEmpty()) {
      return Optional.empty();
    }

    List<Manifest> manifests = sources.stream().map(Source::manifest).toList();
    try {
      return Optional.of(operation.groups(new GroupArithmetic(store, manifests)));
    } catch (IllegalArgumentException e) {
      throw unpublishable(into, e);
    }
  }

  /**
   * Publishes what is left of a version without others.
   *
   * @param into the model whose next version it becomes
   * @param less what is subtracted: at least one, none twice
   * @throws JobException as for {@link #merge}, and if the first version cannot have held all of
   *     the others, or held no other values
   */
  public Publication subtract(String into, ModelId from, List<ModelId> less) throws IOException {
    List<ModelId> ids = new ArrayList<>(List.of(from));
    ids.addAll(less);
    List<Source> sources = open("subtract", ids);
    Source whole = sources.get(0);
    List<Source> parts = sources.subList(1, sources.size());
    Moments moments = moments(whole);
    RecordCounts counts = whole.counts();
    List<InputVersion> input = new ArrayList<>(List.of(input(Part.MERGED, whole)));
    for (Source part : parts) {
      subtract(moments, whole, part);
      counts = subtract(counts, whole, part);
      input.add(input(Part.SUBTRACTED, part));
    }

    checkSomethingIsLeft(moments, counts, "%s from %s".formatted(names(parts), from));
    String location = "%s without %s".formatted(from, names(parts));
    Optional<GroupedState> groups =
        groups(
            into,
            sources,
            arithmetic ->
                arithmetic.subtracted(
                    (source, why, cause) -> neverAPart(whole, sources.get(source), why, cause)));
    return publish(into, whole, moments, groups, counts, InputIdentity.of(location, input));
  }

  private void subtract(Moments moments, Source whole, Source part) throws IOException {
    try {
      moments.subtract(moments(part));
    } catch (NeverAddedException e) {
      String why = "%s would be left with %s".formatted(channel(whole, e.channel()), e.left());
      throw neverAPart(whole, part, why, e);
    }
  }

  private static RecordCounts subtract(RecordCounts counts, Source whole, Source part) {
    try {
      return counts.minus(part.counts());
    } catch (IllegalArgumentException e) {
      throw neverAPart(whole, part, e.getMessage(), e);
    }
  }

  /** A fit on the records that are left would refuse them likewise. */
  private static void checkSomethingIsLeft(Moments moments, RecordCounts counts, String what) {
    if (counts.records() == 0) {
      throw JobException.data(
          "Cannot subtract %s: no record is left; nothing was published".formatted(what));
    }

    if (!GroupArithmetic.hasValues(moments)) {
      throw JobException.data(
          "Cannot subtract %s: none of %d records that are left has a value; nothing was published"
              .formatted(what, counts.records()));
    }
  }

  private static JobException neverAPart(Source whole, Source part, String why, Throwable cause) {
    return new JobException(
        LeavingStatus.DATA,
        "Cannot subtract %s from %s: %s, so it was never a part of it; nothing was published"
            .formatted(part.id(), whole.id(), why),
        cause);
  }

  private static String channel(Source source, int channel) {
    RecordType type = source.manifest().type();
    int channels = type.shape().channels();
    return channel < channels
        ? "channel " + type.channelName(channel)
        : "the variance of channel " + type.channelName(channel - channels);
  }

  /**
   * Reads manifests.
   *
   * @throws JobException unless these versions can be added and subtracted
   */
  private List<Source> open(String operation, List<ModelId> ids) throws IOException {
    List<Source> sources = new ArrayList<>();
    Set<ModelId> seen = new HashSet<>();
    for (ModelId id : ids) {
      Source source = new Source(id, store.manifest(id));
      if (!seen.add(id)) {
        throw JobException.usage("Cannot %s %s: it is given twice".formatted(operation, id));
      }

      if (source.manifest().moments().isEmpty()) {
        throw JobException.usage(
            "Cannot %s %s: it has no moments (%s needs no fit)"
                .formatted(operation, id, source.manifest().spec().toMap().get("type")));
      }

      sources.add(source);
      checkAlike(operation, sources.get(0), source);
    }

    return sources;
  }

  private static void checkAlike(String operation, Source one, Source other) {
    one.manifest()
        .type()
        .differenceFrom(other.manifest().type())
        .ifPresent(difference -> refuse(operation, "records", difference, one, other));
    one.manifest()
        .spec()
        .differenceFrom(other.manifest().spec())
        .ifPresent(difference -> refuse(operation, "norms", difference, one, other));
    GroupBy.difference(one.groups(), other.groups())
        .ifPresent(difference -> refuse(operation, "groups", difference, one, other));
  }

  private static void refuse(
      String operation, String what, Difference difference, Source one, Source other) {
    throw JobException.data(
        "Cannot %s %s and %s: their %s are not the same\n%s"
            .formatted(
                operation,
                one.id(),
                other.id(),
                what,
                difference.describe(one.id().toString(), other.id().toString())));
  }

  private Moments moments(Source source) throws IOException {
    return store.moments(source.id()).orElseThrow();
  }

  private static InputVersion input(Part part, Source source) {
    return new InputVersion(part, source.id(), source.sha256());
  }

  private Publication publish(
      String into,
      Source like,
      Moments moments,
      Optional<GroupedState> groups,
      RecordCounts counts,
      InputIdentity input)
      throws IOException {
    Provenance provenance =
        new Provenance(
            UUID.randomUUID().toString(),
            Sha256.of("versions " + input.digest()),
            Instant.now(),
            ProductVersion.text(),
            input,
            counts);
    Manifest manifest = like.manifest();
    Draft draft =
        new Draft(
            manifest.spec(),
            manifest.type(),
            Optional.of(moments),
            Optional.empty(),
            groups,
            provenance);
    try {
      return store.publish(into, draft);
    } catch (IllegalArgumentException e) {
      throw unpublishable(into, e);
    } finally {
      if (groups.isPresent()) {
        groups.get().close();
      }
    }
  }

  private static JobException unpublishable(String into, IllegalArgumentException why) {
    return new JobException(
        LeavingStatus.DATA, "Cannot publish %s: %s".formatted(into, why.getMessage()), why);
  }

  private static String names(List<Source> sources) {
    List<String> names = sources.stream().map(source -> source.id().toString()).toList();
    return names.size() <= MOST_NAMED
        ? String.join(", ", names)
        : "%s, .. %s (%d versions)"
            .formatted(names.get(0), names.get(names.size() - 1), names.size());
  }
}
