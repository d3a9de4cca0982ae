package io.sparknorm.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
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
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.NormSpec.Tracking;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TestNormSpec {
  private static final TensorShape IMAGE = new TensorShape(List.of(4, 3, 2), Layout.CHANNELS_FIRST);
  private static final Coefficients FOUR = Coefficients.of(1, 2, 3, 4);

  @Test
  void typeAloneGivesTheDefaultsOfTheField() {
    assertThat(norm("type = batch-norm")).isEqualTo(BatchNorm.DEFAULT);
    assertThat(norm("type = instance-norm")).isEqualTo(InstanceNorm.DEFAULT);
    assertThat(norm("type = group-norm, groups = 2")).isEqualTo(GroupNorm.of(2));
    assertThat(norm("type = layer-norm", TensorShape.vector(5))).isEqualTo(LayerNorm.over(5));
    assertThat(norm("type = rms-norm", TensorShape.vector(5))).isEqualTo(RmsNorm.over(1e-5, 5));
    assertThat(spec("type = batch-norm").tracking()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void evoNormsOfEveryVariantHaveTheirOwnDefaults(EvoNormS.Variant variant) {
    assertThat(norm("type = evonorm-%s, groups = 2".formatted(Names.of(variant))))
        .isEqualTo(EvoNormS.of(variant, 2));
  }

  @ParameterizedTest
  @EnumSource
  void evoNormsOfEveryVariantHaveTheirOwnDefaults(EvoNormB.Variant variant) {
    assertThat(norm("type = evonorm-" + Names.of(variant))).isEqualTo(EvoNormB.of(variant));
  }

  @Test
  void groupsDefaultToThirtyTwo() {
    TensorShape shape = new TensorShape(List.of(64, 2), Layout.CHANNELS_FIRST);

    assertThat(norm("type = group-norm", shape)).isEqualTo(GroupNorm.of(32));
  }

  @Test
  void denominatorHasEveryKey() {
    assertThat(
            norm(
                "type = layer-norm, normalized-shape = [3, 2], epsilon = 1e-6,"
                    + " variance = unbiased, epsilon-placement = outside-sqrt"))
        .isEqualTo(
            new LayerNorm(
                List.of(3, 2),
                new Denominator(Variance.UNBIASED, 1e-6, EpsilonPlacement.OUTSIDE_SQRT),
                Affine.NONE,
                Activation.NONE));
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void centerAndScaleSwitchBiasAndWeight(boolean center, boolean scale) {
    String text =
        "type = batch-norm, weight = [1, 2, 3, 4], bias = [1, 2, 3, 4], center = %s, scale = %s"
            .formatted(center, scale);

    assertThat(norm(text))
        .isEqualTo(
            new BatchNorm(
                BatchNorm.DEFAULT.denominator(),
                new Affine(scale ? FOUR : Coefficients.NONE, center ? FOUR : Coefficients.NONE),
                Activation.NONE));
  }

  @ParameterizedTest
  @EnumSource
  void everyActivationCanFollow(Activation activation) {
    assertThat(norm("type = batch-norm, activation = " + Names.of(activation)))
        .isEqualTo(new BatchNorm(BatchNorm.DEFAULT.denominator(), Affine.NONE, activation));
  }

  @Test
  void evoNormTakesSlopesAndCanLeaveItsActivationOut() {
    assertThat(norm("type = evonorm-s0, groups = 2, v = [1, 2, 3, 4], apply-act = false"))
        .isEqualTo(new EvoNormS(EvoNormS.Variant.S0, 2, 1e-5, Affine.NONE, FOUR, false));
    assertThat(norm("type = evonorm-b0, v = [1, 2, 3, 4], apply-act = false"))
        .isEqualTo(new EvoNormB(EvoNormB.Variant.B0, 1e-5, Affine.NONE, FOUR, false));
  }

  @Test
  void momentumIsANumberWithItsConventionOrNone() {
    String batch = "type = batch-norm, running-variance = unbiased, ";

    assertThat(spec(batch + "momentum = 0.1, momentum-convention = new-weight").tracking())
        .contains(
            new Tracking(new Momentum(0.1, Momentum.Convention.NEW_WEIGHT), Variance.UNBIASED));
    assertThat(spec(batch + "momentum = 0.9, momentum-convention = old-weight").tracking())
        .contains(
            new Tracking(new Momentum(0.9, Momentum.Convention.OLD_WEIGHT), Variance.UNBIASED));
    assertThat(spec(batch + "momentum = none, running-variance = biased").tracking())
        .contains(new Tracking(Momentum.CUMULATIVE, Variance.BIASED));
  }

  @Test
  void onlyDatasetNormsAndRunningStatisticsNeedStatistics() {
    assertThat(spec("type = batch-norm").needsStatistics()).isTrue();
    assertThat(spec("type = evonorm-b1").needsStatistics()).isTrue();
    assertThat(spec("type = instance-norm").needsStatistics()).isFalse();
    assertThat(
            spec("type = instance-norm, momentum = none, running-variance = unbiased")
                .needsStatistics())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CHANNELS_FIRST | [0, 2, 3]    | batch-norm",
        "CHANNELS_FIRST | [3, 0, 2]    | batch-norm",
        "CHANNELS_FIRST | [2, 3]       | instance-norm",
        "CHANNELS_FIRST | [1, 2, 3]    | layer-norm",
        "CHANNELS_LAST  | [0, 1, 2]    | batch-norm",
        "CHANNELS_LAST  | [1, 2]       | instance-norm",
        "CHANNELS_LAST  | [1, 2, 3]    | layer-norm"
      })
  void meanVarianceNormIsTheNormThatItsAxesSay(Layout layout, String axes, String type) {
    TensorShape shape = new TensorShape(List.of(4, 3, 2), layout);
    NormSpec spec = spec("type = mean-variance-norm, axes = " + axes, shape);

    assertThat(spec.toMap())
        .containsEntry("type", type)
        .containsEntry("epsilon", 1e-9)
        .containsEntry("variance", "biased")
        .containsEntry("epsilon-placement", "outside-sqrt");
  }

  @Test
  void meanVarianceNormTakesAllButTheChannelByDefault() {
    assertThat(spec("type = mean-variance-norm"))
        .isEqualTo(spec("type = mean-variance-norm, axes = [0, 2, 3]"));
    assertThat(norm("type = mean-variance-norm", TensorShape.vector(3)))
        .isInstanceOf(BatchNorm.class);
  }

  @Test
  void modeIsPassedOver() {
    assertThat(spec("type = batch-norm, mode = eval")).isEqualTo(spec("type = batch-norm"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epsilon = 1 | Invalid configuration: norm.type is missing (",
        "type = batchnorm | Invalid norm.type: batchnorm (must be one of batch-norm, layer-norm,",
        "type = batch-norm, epsilonn = 1 | Unknown key norm.epsilonn at String:1: did you mean norm.epsilon?",
        "type = batch-norm, zzzzzzzz = 1 | Unknown key norm.zzzzzzzz at String:1: expected one of type, epsilon,",
        "type = batch-norm, groups = 8 | Invalid norm.groups: 8 (batch-norm has no groups, only"
            + " group-norm, evonorm-s0, evonorm-s0a, evonorm-s1, evonorm-s1a, evonorm-s2,"
            + " evonorm-s2a)",
        "type = rms-norm, bias = [1] | Invalid norm.bias: [1] (rms-norm has no bias, only",
        "type = evonorm-b1, v = [1] | Invalid norm.v: [1] (evonorm-b1 has no v, only evonorm-s0,"
            + " evonorm-s0a, evonorm-b0)",
        "type = batch-norm, epsilon = tiny | Invalid norm.epsilon: tiny (must be a finite number)",
        "type = batch-norm, epsilon = NaN | Invalid norm.epsilon: NaN (must be a finite number)",
        "type = batch-norm, epsilon = -1 | Invalid norm.epsilon: -1.0 (must be finite and not"
            + " negative)",
        "type = batch-norm, epsilon = [1] | Invalid norm.epsilon: [1] (must be a finite number)",
        "type = batch-norm, variance = sample | Invalid norm.variance: sample (must be one of"
            + " biased, unbiased)",
        "type = batch-norm, center = maybe | Invalid norm.center: maybe (must be true or false)",
        "type = batch-norm, weight = 1 | Invalid norm.weight: 1 (must be a list: [a, b, ..])",
        "type = batch-norm, weight = [1, x] | Invalid norm.weight: x (must be a list of finite"
            + " numbers)",
        "type = batch-norm, weight = [1, 2] | Invalid norm.weight: 2 values (expected 4, one per"
            + " channel)",
        "type = group-norm | Invalid norm.groups: 32 (must divide the 4 channels)",
        "type = group-norm, groups = 1.5 | Invalid norm.groups: 1.5 (must be a whole number)",
        "type = layer-norm | Invalid configuration: norm.normalized-shape is missing (",
        "type = layer-norm, normalized-shape = [4] | Invalid norm.normalized-shape: [4] (must be",
        "type = layer-norm, normalized-shape = [2.5] | Invalid norm.normalized-shape: 2.5 (must be"
            + " a list of whole numbers)",
        "type = mean-variance-norm, axes = [0, 2] | Invalid norm.axes: [0,2] (records of shape"
            + " [4, 3, 2] channels-first allow [0, 2, 3], [2, 3] or [1, 2, 3])",
        "type = batch-norm, running-variance = biased | Invalid norm.running-variance: biased (goes"
            + " with norm.momentum)",
        "type = batch-norm, momentum-convention = new-weight | Invalid norm.momentum-convention:"
            + " new-weight (goes with norm.momentum)",
        "type = batch-norm, momentum = 0.1 | Invalid configuration: norm.momentum-convention is"
            + " missing (",
        "type = batch-norm, momentum = none | Invalid configuration: norm.running-variance is"
            + " missing (",
        "type = batch-norm, momentum = 2, momentum-convention = new-weight | Invalid norm.momentum:"
            + " 2.0 (must be between 0 and 1)",
        "type = batch-norm, momentum = none, momentum-convention = new-weight | Invalid"
            + " norm.momentum-convention: new-weight (with momentum = none every dataset weighs"
            + " alike)",
        "type = batch-norm, momentum = 1, momentum-convention = cumulative | Invalid"
            + " norm.momentum-convention: cumulative (must be one of new-weight, old-weight)",
        "type = instance-norm, momentum = none, running-variance = biased | Invalid"
            + " norm.running-variance: biased (the running variance of instance-norm is unbiased)"
      })
  void mistakesAreNamed(String text, String message) {
    assertThatThrownBy(() -> spec(text))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessageStartingWith(message);
  }

  @Test
  void meanVarianceNormOfVectorsHasTwoSetsOfAxes() {
    assertThat(norm("type = mean-variance-norm, axes = [0]", TensorShape.vector(3)))
        .isInstanceOf(BatchNorm.class);
    assertThat(norm("type = mean-variance-norm, axes = [1]", TensorShape.vector(3)))
        .isInstanceOf(LayerNorm.class);
    assertThatThrownBy(() -> spec("type = mean-variance-norm, axes = [2]", TensorShape.vector(3)))
        .hasMessage("Invalid norm.axes: [2] (records of shape [3] allow [0] or [1]) at String:1");
  }

  @Property
  void mapReadBackIsTheSameSpec(@ForAll("specs") NormSpec spec) {
    assertThat(NormSpec.parse(ConfigFactory.parseMap(spec.toMap()), IMAGE)).isEqualTo(spec);
  }

  @Property
  void mapReadBackFromJsonIsTheSameSpec(@ForAll("specs") NormSpec spec) {
    String json = ConfigValueFactory.fromMap(spec.toMap()).render(ConfigRenderOptions.concise());

    assertThat(spec(json)).isEqualTo(spec);
  }

  @Provide
  Arbitrary<NormSpec> specs() {
    Arbitrary<Optional<Tracking>> tracking = trackings(Variance.values()).optional();
    Arbitrary<NormSpec> batch =
        Combinators.combine(
                Combinators.combine(denominators(), affines(4), activations()).as(BatchNorm::new),
                tracking)
            .as(NormSpec::new);
    Arbitrary<NormSpec> instance =
        Combinators.combine(
                Combinators.combine(denominators(), affines(4), activations())
                    .as(InstanceNorm::new),
                trackings(Variance.UNBIASED).optional())
            .as(NormSpec::new);
    Arbitrary<NormSpec> evoNormB =
        Combinators.combine(
                Arbitraries.of(EvoNormB.Variant.class)
                    .flatMap(
                        variant ->
                            Combinators.combine(
                                    epsilons(),
                                    affines(4),
                                    slopes(variant == EvoNormB.Variant.B0),
                                    flags())
                                .as(
                                    (epsilon, affine, v, act) ->
                                        new EvoNormB(variant, epsilon, affine, v, act))),
                tracking)
            .as(NormSpec::new);
    Arbitrary<NormSpec> evoNormS =
        Arbitraries.of(EvoNormS.Variant.class)
            .flatMap(
                variant ->
                    Combinators.combine(
                            groups(), epsilons(), affines(4), slopes(variant.hasSlope()), flags())
                        .as(
                            (groups, epsilon, affine, v, act) ->
                                untracked(new EvoNormS(variant, groups, epsilon, affine, v, act))));
    Arbitrary<NormSpec> group =
        Combinators.combine(groups(), denominators(), affines(4), activations())
            .as(
                (groups, denominator, affine, activation) ->
                    untracked(new GroupNorm(groups, denominator, affine, activation)));
    Arbitrary<NormSpec> layer =
        Combinators.combine(denominators(), affines(6), activations())
            .as(
                (denominator, affine, activation) ->
                    untracked(new LayerNorm(List.of(3, 2), denominator, affine, activation)));
    Arbitrary<NormSpec> rms =
        Combinators.combine(epsilons(), coefficients(2), activations())
            .as(
                (epsilon, weight, activation) ->
                    untracked(new RmsNorm(List.of(2), epsilon, weight, activation)));
    return Arbitraries.oneOf(List.of(batch, instance, evoNormB, evoNormS, group, layer, rms));
  }

  private static NormSpec untracked(Norm norm) {
    return new NormSpec(norm, Optional.empty());
  }

  private static Arbitrary<Tracking> trackings(Variance... variances) {
    Arbitrary<Momentum> numeric =
        Combinators.combine(
                Arbitraries.doubles().between(0, 1).ofScale(10),
                Arbitraries.of(Momentum.Convention.NEW_WEIGHT, Momentum.Convention.OLD_WEIGHT))
            .as(Momentum::new);
    return Combinators.combine(
            Arbitraries.oneOf(numeric, Arbitraries.just(Momentum.CUMULATIVE)),
            Arbitraries.of(variances))
        .as(Tracking::new);
  }

  private static Arbitrary<Denominator> denominators() {
    return Combinators.combine(
            Arbitraries.of(Variance.class), epsilons(), Arbitraries.of(EpsilonPlacement.class))
        .as(Denominator::new);
  }

  private static Arbitrary<Double> epsilons() {
    return Arbitraries.of(0.0, Double.MIN_VALUE, 1e-9, 1e-5, 1e-3, 1.0, 1e300);
  }

  private static Arbitrary<Affine> affines(int size) {
    return Combinators.combine(coefficients(size), coefficients(size)).as(Affine::new);
  }

  private static Arbitrary<Coefficients> slopes(boolean possible) {
    return possible ? coefficients(4) : Arbitraries.just(Coefficients.NONE);
  }

  private static Arbitrary<Coefficients> coefficients(int size) {
    Arbitrary<Double> values =
        Arbitraries.longs().map(Double::longBitsToDouble).filter(Double::isFinite);
    return values
        .array(Double[].class)
        .ofSize(size)
        .map(array -> Coefficients.of(Arrays.stream(array).mapToDouble(x -> x).toArray()))
        .optional()
        .map(present -> present.orElse(Coefficients.NONE));
  }

  private static Arbitrary<Integer> groups() {
    return Arbitraries.of(1, 2, 4);
  }

  private static Arbitrary<Activation> activations() {
    return Arbitraries.of(Activation.class);
  }

  private static Arbitrary<Boolean> flags() {
    return Arbitraries.of(true, false);
  }

  private static Norm norm(String text) {
    return norm(text, IMAGE);
  }

  private static Norm norm(String text, TensorShape shape) {
    return spec(text, shape).norm();
  }

  private static NormSpec spec(String text) {
    return spec(text, IMAGE);
  }

  private static NormSpec spec(String text, TensorShape shape) {
    return NormSpec.parse(ConfigFactory.parseString(text), shape);
  }
}
