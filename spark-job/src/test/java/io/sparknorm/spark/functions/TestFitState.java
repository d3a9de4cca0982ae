package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.moments.Moments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import org.junit.jupiter.api.Test;

class TestFitState {
  @Test
  void travelsInClassesThatSparkCanReadWithoutTheJobsJar() throws Exception {
    FitState state = new FitState();
    state.moments(2).add(0, 1.5).add(1, Double.NaN);

    Serializable travelled = travel(state);

    assertThat(travelled).isExactlyInstanceOf(byte[].class);
    FitPart result = FitState.of(travelled).merge(FitState.of(travel(state))).part();
    Moments moments = result.moments().orElseThrow();
    assertThat(moments.count(0)).isEqualTo(2);
    assertThat(moments.nanCount(1)).isEqualTo(2);
  }

  @Test
  void travelsBeforeItHasSeenAnything() throws Exception {
    FitPart result = FitState.of(travel(new FitState())).part();

    assertThat(result.records()).isZero();
    assertThat(result.moments()).isEmpty();
  }

  /** As Spark sends a state from one task to another. */
  @SuppressWarnings("BanSerializableRead") // Spark reads states so, and nothing else
  private static Serializable travel(Serializable state)
      throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(state);
    }

    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (Serializable) in.readObject();
    }
  }
}
