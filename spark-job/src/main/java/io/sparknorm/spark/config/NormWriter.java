package io.sparknorm.spark.config;

import io.sparknorm.kernels.Activation;
import io.sparknorm.kernels.Affine;
import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.Denominator;
import io.sparknorm.kernels.EvoNormB;
import io.sparknorm.kernels.EvoNormS;
import io.sparknorm.kernels.GroupNorm;
import io.sparknorm.kernels.InstanceNorm;
import io.sparknorm.kernels.LayerNorm;
import io.sparknorm.kernels.Norm;
import io.sparknorm.kernels.RmsNorm;
import io.sparknorm.kernels.moments.Momentum;
import io.sparknorm.spark.config.NormSpec.Tracking;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a norm as the {@code norm} group that {@link NormReader} reads back. */
final class NormWriter {
  private final Map<String, Object> map = new LinkedHashMap<>();

  private NormWriter() {}

  static Map<String, Object> toMap(NormSpec spec) {
    NormWriter writer = new NormWriter();
    writer.norm(spec.norm());
    spec.tracking().ifPresent(writer::tracking);
    return writer.map;
  }

  private void norm(Norm norm) {
    if (norm instanceof BatchNorm batchNorm) {
      type(NormType.BATCH_NORM);
      denominator(batchNorm.denominator());
      affine(batchNorm.affine());
      activation(batchNorm.activation());
    } else if (norm instanceof InstanceNorm instanceNorm) {
      type(NormType.INSTANCE_NORM);
      denominator(instanceNorm.denominator());
      affine(instanceNorm.affine());
      activation(instanceNorm.activation());
    } else if (norm instanceof GroupNorm groupNorm) {
      type(NormType.GROUP_NORM);
      put(Key.NORM_GROUPS, groupNorm.groups());
      denominator(groupNorm.denominator());
      affine(groupNorm.affine());
      activation(groupNorm.activation());
    } else if (norm instanceof LayerNorm layerNorm) {
      type(NormType.LAYER_NORM);
      put(Key.NORM_NORMALIZED_SHAPE, layerNorm.normalizedShape());
      denominator(layerNorm.denominator());
      affine(layerNorm.affine());
      activation(layerNorm.activation());
    } else if (norm instanceof RmsNorm rmsNorm) {
      type(NormType.RMS_NORM);
      put(Key.NORM_NORMALIZED_SHAPE, rmsNorm.normalizedShape());
      put(Key.NORM_EPSILON, rmsNorm.epsilon());
      coefficients(Key.NORM_WEIGHT, rmsNorm.weight());
      activation(rmsNorm.activation());
    } else if (norm instanceof EvoNormS evoNorm) {
      type(NormType.valueOf("EVONORM_" + evoNorm.variant()));
      put(Key.NORM_GROUPS, evoNorm.groups());
      evoNorm(evoNorm.epsilon(), evoNorm.affine(), evoNorm.v(), evoNorm.applyAct());
    } else if (norm instanceof EvoNormB evoNorm) {
      type(NormType.valueOf("EVONORM_" + evoNorm.variant()));
      evoNorm(evoNorm.epsilon(), evoNorm.affine(), evoNorm.v(), evoNorm.applyAct());
    }
  }

  private void evoNorm(double epsilon, Affine affine, Coefficients v, boolean applyAct) {
    put(Key.NORM_EPSILON, epsilon);
    affine(affine);
    coefficients(Key.NORM_V, v);
    put(Key.NORM_APPLY_ACT, applyAct);
  }

  private void tracking(Tracking tracking) {
    Momentum momentum = tracking.momentum();
    if (momentum.convention() == Momentum.Convention.CUMULATIVE) {
      put(Key.NORM_MOMENTUM, NormSpec.CUMULATIVE);
    } else {
      put(Key.NORM_MOMENTUM, momentum.value());
      put(Key.NORM_MOMENTUM_CONVENTION, Names.of(momentum.convention()));
    }

    put(Key.NORM_RUNNING_VARIANCE, Names.of(tracking.runningVariance()));
  }

  private void type(NormType type) {
    put(Key.NORM_TYPE, Names.of(type));
  }

  private void denominator(Denominator denominator) {
    put(Key.NORM_EPSILON, denominator.epsilon());
    put(Key.NORM_VARIANCE, Names.of(denominator.variance()));
    put(Key.NORM_EPSILON_PLACEMENT, Names.of(denominator.placement()));
  }

  private void affine(Affine affine) {
    coefficients(Key.NORM_WEIGHT, affine.weight());
    coefficients(Key.NORM_BIAS, affine.bias());
  }

  private void coefficients(Key key, Coefficients coefficients) {
    if (!coefficients.isEmpty()) {
      List<Double> values = new ArrayList<>(coefficients.size());
      for (int i = 0; i < coefficients.size(); i++) {
        values.add(coefficients.get(i));
      }

      put(key, values);
    }
  }

  private void activation(Activation activation) {
    put(Key.NORM_ACTIVATION, Names.of(activation));
  }

  private void put(Key key, Object value) {
    map.put(key.simpleName(), value);
  }
}
