package io.sparknorm.spark.config;

import static io.sparknorm.spark.config.Key.NORM_ACTIVATION;
import static io.sparknorm.spark.config.Key.NORM_APPLY_ACT;
import static io.sparknorm.spark.config.Key.NORM_AXES;
import static io.sparknorm.spark.config.Key.NORM_BIAS;
import static io.sparknorm.spark.config.Key.NORM_CENTER;
import static io.sparknorm.spark.config.Key.NORM_EPSILON;
import static io.sparknorm.spark.config.Key.NORM_EPSILON_PLACEMENT;
import static io.sparknorm.spark.config.Key.NORM_GROUPS;
import static io.sparknorm.spark.config.Key.NORM_MODE;
import static io.sparknorm.spark.config.Key.NORM_MOMENTUM;
import static io.sparknorm.spark.config.Key.NORM_MOMENTUM_CONVENTION;
import static io.sparknorm.spark.config.Key.NORM_NORMALIZED_SHAPE;
import static io.sparknorm.spark.config.Key.NORM_RUNNING_VARIANCE;
import static io.sparknorm.spark.config.Key.NORM_SCALE;
import static io.sparknorm.spark.config.Key.NORM_TYPE;
import static io.sparknorm.spark.config.Key.NORM_V;
import static io.sparknorm.spark.config.Key.NORM_VARIANCE;
import static io.sparknorm.spark.config.Key.NORM_WEIGHT;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The values of {@code norm.type}, each with the keys that it knows beside type and mode. */
enum NormType {
  BATCH_NORM(Group.DENOMINATOR, Group.AFFINE, Group.TRACKING, Set.of(NORM_ACTIVATION)),
  LAYER_NORM(
      Group.DENOMINATOR, Group.AFFINE, Set.of(NORM_NORMALIZED_SHAPE), Set.of(NORM_ACTIVATION)),
  INSTANCE_NORM(Group.DENOMINATOR, Group.AFFINE, Group.TRACKING, Set.of(NORM_ACTIVATION)),
  GROUP_NORM(Group.DENOMINATOR, Group.AFFINE, Set.of(NORM_GROUPS), Set.of(NORM_ACTIVATION)),
  RMS_NORM(Set.of(NORM_EPSILON, NORM_WEIGHT, NORM_SCALE, NORM_NORMALIZED_SHAPE, NORM_ACTIVATION)),
  MEAN_VARIANCE_NORM(Set.of(NORM_EPSILON, NORM_AXES)),
  EVONORM_S0(Group.EVONORM, Set.of(NORM_GROUPS, NORM_V)),
  EVONORM_S0A(Group.EVONORM, Set.of(NORM_GROUPS, NORM_V)),
  EVONORM_S1(Group.EVONORM, Set.of(NORM_GROUPS)),
  EVONORM_S1A(Group.EVONORM, Set.of(NORM_GROUPS)),
  EVONORM_S2(Group.EVONORM, Set.of(NORM_GROUPS)),
  EVONORM_S2A(Group.EVONORM, Set.of(NORM_GROUPS)),
  EVONORM_B0(Group.EVONORM, Group.TRACKING, Set.of(NORM_V)),
  EVONORM_B1(Group.EVONORM, Group.TRACKING),
  EVONORM_B2(Group.EVONORM, Group.TRACKING);

  /** Keys that go together. */
  private static final class Group {
    static final Set<Key> DENOMINATOR = Set.of(NORM_EPSILON, NORM_VARIANCE, NORM_EPSILON_PLACEMENT);
    static final Set<Key> AFFINE = Set.of(NORM_WEIGHT, NORM_BIAS, NORM_CENTER, NORM_SCALE);
    static final Set<Key> TRACKING =
        Set.of(NORM_MOMENTUM, NORM_MOMENTUM_CONVENTION, NORM_RUNNING_VARIANCE);
    static final Set<Key> EVONORM =
        Set.of(NORM_EPSILON, NORM_WEIGHT, NORM_BIAS, NORM_CENTER, NORM_SCALE, NORM_APPLY_ACT);
  }

  private final Set<Key> keys = EnumSet.of(NORM_TYPE, NORM_MODE);

  @SafeVarargs
  NormType(Set<Key>... keys) {
    List.of(keys).forEach(this.keys::addAll);
  }

  /** Throws if the job file has a key of another norm. */
  void checkKeys(Settings settings) {
    for (Key key : Key.values()) {
      if (key.group().equals(NORM_TYPE.group()) && !keys.contains(key) && settings.has(key)) {
        throw settings.invalid(
            key, "%s has no %s, only %s".formatted(Names.of(this), key.simpleName(), havers(key)));
      }
    }
  }

  private static String havers(Key key) {
    return Arrays.stream(values())
        .filter(type -> type.keys.contains(key))
        .map(Names::of)
        .collect(Collectors.joining(", "));
  }
}
