package io.sparknorm.spark.config;

import static io.sparknorm.spark.config.Key.NORM_ACTIVATION;
import static io.sparknorm.spark.config.Key.NORM_APPLY_ACT;
import static io.sparknorm.spark.config.Key.NORM_AXES;
import static io.sparknorm.spark.config.Key.NORM_BIAS;
import static io.sparknorm.spark.config.Key.NORM_CENTER;
import static io.sparknorm.spark.config.Key.NORM_EPSILON;
import static io.sparknorm.spark.config.Key.NORM_EPSILON_PLACEMENT;
import static io.sparknorm.spark.config.Key.NORM_GROUPS;
import static io.sparknorm.spark.config.Key.NORM_MOMENTUM;
import static io.sparknorm.spark.config.Key.NORM_MOMENTUM_CONVENTION;
import static io.sparknorm.spark.config.Key.NORM_NORMALIZED_SHAPE;
import static io.sparknorm.spark.config.Key.NORM_RUNNING_VARIANCE;
import static io.sparknorm.spark.config.Key.NORM_SCALE;
import static io.sparknorm.spark.config.Key.NORM_TYPE;
import static io.sparknorm.spark.config.Key.NORM_V;
import static io.sparknorm.spark.config.Key.NORM_VARIANCE;
import static io.sparknorm.spark.config.Key.NORM_WEIGHT;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EpsilonPlacement;
import io.sparknorm.kernels.EvoNormB;
import io.sparknorm.kernels.EvoNormS;
import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.RmsNorm;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.spark.config.NormSpec.Tracking;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Reads a {@code norm} group for records of one shape. */
final class NormReader {
  /** The conventions of a numeric momentum, which the key takes. */
  private enum NumericConvention {
    NEW_WEIGHT(Momentum.Convention.NEW_WEIGHT),
    OLD_WEIGHT(Momentum.Convention.OLD_WEIGHT);

    final Momentum.Convention convention;

    NumericConvention(Momentum.Convention convention) {
      this.convention = convention;
    }
  }

  private final Settings settings;
  private final TensorShape shape;
  private final NormType type;

  private NormReader(Settings settings, TensorShape shape) {
    this.settings = settings;
    this.shape = shape;
    this.type = settings.choice(NORM_TYPE, NormType.class);
  }

  static NormSpec read(Settings settings, TensorShape shape) {
    NormReader reader = new NormReader(settings, shape);
    reader.type.checkKeys(settings);
    try {
      NormSpec spec = new NormSpec(reader.norm(), reader.tracking());
      spec.checkFits(shape);
      return spec;
    } catch (IllegalArgumentException e) {
      throw settings.invalid(e);
    }
  }

  private Norm norm() {
    return switch (type) {
      case BATCH_NORM -> new BatchNorm(denominator(), affine(), activation());
      case LAYER_NORM -> new LayerNorm(normalizedShape(), denominator(), affine(), activation());
      case INSTANCE_NORM -> new InstanceNorm(denominator(), affine(), activation());
      case GROUP_NORM -> new GroupNorm(groups(), denominator(), affine(), activation());
      case RMS_NORM -> new RmsNorm(normalizedShape(), epsilon(1e-5), weight(), activation());
      case MEAN_VARIANCE_NORM -> meanVarianceNorm();
      case EVONORM_S0 -> evoNorm(EvoNormS.Variant.S0);
      case EVONORM_S0A -> evoNorm(EvoNormS.Variant.S0A);
      case EVONORM_S1 -> evoNorm(EvoNormS.Variant.S1);
      case EVONORM_S1A -> evoNorm(EvoNormS.Variant.S1A);
      case EVONORM_S2 -> evoNorm(EvoNormS.Variant.S2);
      case EVONORM_S2A -> evoNorm(EvoNormS.Variant.S2A);
      case EVONORM_B0 -> evoNorm(EvoNormB.Variant.B0);
      case EVONORM_B1 -> evoNorm(EvoNormB.Variant.B1);
      case EVONORM_B2 -> evoNorm(EvoNormB.Variant.B2);
    };
  }

  private EvoNormS evoNorm(EvoNormS.Variant variant) {
    return new EvoNormS(
        variant, groups(), epsilon(variant.defaultEpsilon()), affine(), slopes(), appliesAct());
  }

  private EvoNormB evoNorm(EvoNormB.Variant variant) {
    return new EvoNormB(variant, epsilon(1e-5), affine(), slopes(), appliesAct());
  }

  /**
   * ONNX's MeanVarianceNormalization, which is one of three norms, as its axes say: they count from
   * the records, axis 0.
   */
  private Norm meanVarianceNorm() {
    Denominator denominator =
        new Denominator(Variance.BIASED, epsilon(1e-9), EpsilonPlacement.OUTSIDE_SQRT);
    int dimensions = shape.dimensions().size();
    int channel = shape.layout() == Layout.CHANNELS_FIRST ? 1 : dimensions;
    Set<Integer> ofRecord =
        IntStream.rangeClosed(1, dimensions).boxed().collect(Collectors.toCollection(TreeSet::new));
    Set<Integer> ofChannel = new TreeSet<>(ofRecord);
    ofChannel.remove(channel);
    Set<Integer> ofDataset = new TreeSet<>(ofChannel);
    ofDataset.add(0);

    Set<Integer> axes =
        settings
            .optional(NORM_AXES, Settings::integers)
            .<Set<Integer>>map(TreeSet::new)
            .orElse(ofDataset);
    if (axes.equals(ofDataset)) {
      return new BatchNorm(denominator, Affine.NONE, Activation.NONE);
    }

    if (axes.equals(ofRecord)) {
      return new LayerNorm(shape.dimensions(), denominator, Affine.NONE, Activation.NONE);
    }

    if (axes.equals(ofChannel)) {
      return new InstanceNorm(denominator, Affine.NONE, Activation.NONE);
    }

    String possible =
        ofChannel.isEmpty()
            ? "%s or %s".formatted(ofDataset, ofRecord)
            : "%s, %s or %s".formatted(ofDataset, ofChannel, ofRecord);
    throw settings.invalid(NORM_AXES, "records of shape %s allow %s".formatted(shape, possible));
  }

  private Optional<Tracking> tracking() {
    if (!settings.has(NORM_MOMENTUM)) {
      for (Key key : List.of(NORM_MOMENTUM_CONVENTION, NORM_RUNNING_VARIANCE)) {
        if (settings.has(key)) {
          throw settings.invalid(key, "goes with " + settings.locationOf(NORM_MOMENTUM));
        }
      }

      return Optional.empty();
    }

    Momentum momentum = momentum();
    Variance variance = settings.choice(NORM_RUNNING_VARIANCE, Variance.class);
    if (type == NormType.INSTANCE_NORM && variance == Variance.BIASED) {
      throw settings.invalid(
          NORM_RUNNING_VARIANCE, "the running variance of instance-norm is unbiased");
    }

    return Optional.of(new Tracking(momentum, variance));
  }

  private Momentum momentum() {
    if (settings.text(NORM_MOMENTUM).equals(NormSpec.CUMULATIVE)) {
      if (settings.has(NORM_MOMENTUM_CONVENTION)) {
        throw settings.invalid(
            NORM_MOMENTUM_CONVENTION, "with momentum = none every dataset weighs alike");
      }

      return Momentum.CUMULATIVE;
    }

    return new Momentum(
        settings.number(NORM_MOMENTUM),
        settings.choice(NORM_MOMENTUM_CONVENTION, NumericConvention.class).convention);
  }

  private Denominator denominator() {
    return new Denominator(
        settings.choice(NORM_VARIANCE, Variance.class),
        epsilon(1e-5),
        settings.choice(NORM_EPSILON_PLACEMENT, EpsilonPlacement.class));
  }

  private double epsilon(double absent) {
    return settings.optional(NORM_EPSILON, Settings::number).orElse(absent);
  }

  private Affine affine() {
    return new Affine(
        weight(), settings.flag(NORM_CENTER) ? coefficients(NORM_BIAS) : Coefficients.NONE);
  }

  private Coefficients weight() {
    return settings.flag(NORM_SCALE) ? coefficients(NORM_WEIGHT) : Coefficients.NONE;
  }

  private Coefficients slopes() {
    return coefficients(NORM_V);
  }

  private Coefficients coefficients(Key key) {
    return settings
        .optional(key, Settings::numbers)
        .map(Coefficients::of)
        .orElse(Coefficients.NONE);
  }

  private Activation activation() {
    return settings.choice(NORM_ACTIVATION, Activation.class);
  }

  private boolean appliesAct() {
    return settings.flag(NORM_APPLY_ACT);
  }

  private int groups() {
    return settings.integer(NORM_GROUPS);
  }

  private List<Integer> normalizedShape() {
    return settings
        .optional(NORM_NORMALIZED_SHAPE, Settings::integers)
        .orElseGet(
            () -> {
              if (shape.dimensions().size() > 1) {
                throw settings.missing(NORM_NORMALIZED_SHAPE);
              }

              return shape.dimensions();
            });
  }
}
