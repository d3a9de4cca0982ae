package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EpsilonPlacement;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.kernels.Variance;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.config.NormSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestModel {
  private static final RecordType ONE_CHANNEL =
      RecordType.tensor(new TensorShape(List.of(1, 2), Layout.CHANNELS_FIRST), ElementType.DOUBLE);
  private static final Optional<NormSpec.Tracking> TRACKING =
      Optional.of(
          new NormSpec.Tracking(
              new Momentum(0.1, Momentum.Convention.NEW_WEIGHT), Variance.UNBIASED));

  /** Mean 1, biased variance 4, unbiased 16. */
  private static final Optional<Statistics> DATASET =
      Optional.of(
          new Statistics(
              new long[] {2}, Coefficients.of(1), Coefficients.of(4), Coefficients.of(16)));

  /** Mean 3, variance 64. */
  private static final Optional<RunningStatistics> RUNNING =
      Optional.of(new RunningStatistics(Coefficients.of(3), Coefficients.of(64), 5));

  @Test
  void trainingUsesTheStatisticsOfTheDataset() {
    Model model = new Model(batchNorm(Variance.BIASED, TRACKING), ONE_CHANNEL, DATASET, RUNNING);

    assertThat(apply(model, Mode.TRAIN, 3, 5)).containsExactly(1, 2);
  }

  @Test
  void trainingUsesTheVarianceThatTheNormNames() {
    Model model = new Model(batchNorm(Variance.UNBIASED, TRACKING), ONE_CHANNEL, DATASET, RUNNING);

    assertThat(apply(model, Mode.TRAIN, 3, 5)).containsExactly(0.5, 1);
  }

  @Test
  void evaluationUsesTheRunningStatistics() {
    Model model = new Model(batchNorm(Variance.BIASED, TRACKING), ONE_CHANNEL, DATASET, RUNNING);

    assertThat(apply(model, Mode.EVAL, 3, 7)).containsExactly(0, 0.5);
  }

  @Test
  void evaluationWithoutRunningStatisticsUsesThoseOfTheDataset() {
    Model model =
        new Model(
            batchNorm(Variance.BIASED, Optional.empty()), ONE_CHANNEL, DATASET, Optional.empty());

    assertThat(apply(model, Mode.EVAL, 3, 5)).containsExactly(1, 2);
  }

  @Test
  void instanceNormUsesItsOwnStatisticsInTrainingAndTheRunningOnesInEvaluation() {
    InstanceNorm norm = new InstanceNorm(Denominator.insideSqrt(0), Affine.NONE, Activation.NONE);
    Model model = new Model(new NormSpec(norm, TRACKING), ONE_CHANNEL, Optional.empty(), RUNNING);

    assertThat(apply(model, Mode.TRAIN, 3, 7)).containsExactly(-1, 1);
    assertThat(apply(model, Mode.EVAL, 3, 7)).containsExactly(0, 0.5);
  }

  @Test
  void refusesStatisticsThatTheNormDoesNotCallFor() {
    NormSpec plain = batchNorm(Variance.BIASED, Optional.empty());
    assertInvalid(
        () -> new Model(plain, ONE_CHANNEL, Optional.empty(), Optional.empty()),
        "Invalid model: statistics of the dataset are missing (batch-norm and evonorm-b need them,"
            + " other norms have none)");
    assertInvalid(
        () -> new Model(plain, ONE_CHANNEL, DATASET, RUNNING),
        "Invalid model: running statistics are present (norm.momentum is not set)");
    NormSpec tracking = batchNorm(Variance.BIASED, TRACKING);
    assertInvalid(
        () -> new Model(tracking, ONE_CHANNEL, DATASET, Optional.empty()),
        "Invalid model: running statistics are missing (norm.momentum is set)");
    NormSpec layerNorm = new NormSpec(LayerNorm.over(2), TRACKING);
    assertInvalid(
        () -> new Model(layerNorm, ONE_CHANNEL, Optional.empty(), RUNNING),
        "Invalid model: running statistics are present (only batch-norm, evonorm-b and"
            + " instance-norm keep them)");
  }

  @Test
  void refusesStatisticsOfAnotherNumberOfChannels() {
    RecordType two = RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE);
    assertInvalid(
        () ->
            new Model(batchNorm(Variance.BIASED, Optional.empty()), two, DATASET, Optional.empty()),
        "Invalid model: statistics of 1 channels (expected 2)");
  }

  @Test
  void refusesDataThatDoesNotMatch() {
    Model model =
        new Model(
            batchNorm(Variance.BIASED, Optional.empty()), ONE_CHANNEL, DATASET, Optional.empty());
    ModelId id = new ModelId("user_embeddings", 3);

    model.check(id, ONE_CHANNEL);
    assertThatThrownBy(
            () -> model.check(id, RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE)))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.DATA))
        .hasMessage(
            "Cannot apply model user_embeddings v=3: the data does not match\n"
                + "  model: [1, 2] channels-first double\n"
                + "  data:  [2] double");
  }

  private static NormSpec batchNorm(Variance variance, Optional<NormSpec.Tracking> tracking) {
    Denominator denominator = new Denominator(variance, 0, EpsilonPlacement.INSIDE_SQRT);
    return new NormSpec(new BatchNorm(denominator, Affine.NONE, Activation.NONE), tracking);
  }

  private static double[] apply(Model model, Mode mode, double... x) {
    double[] out = new double[x.length];
    model.normalizer(mode).apply(x, out);
    return out;
  }

  private static void assertInvalid(Runnable construction, String message) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
