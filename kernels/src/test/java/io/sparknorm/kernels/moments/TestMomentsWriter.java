package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TestMomentsWriter {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Property(tries = 50)
  void blocksGiveTheBytesOfTheWhole(
      @ForAll @IntRange(min = 1, max = 70) int channels,
      @ForAll @IntRange(min = 1, max = 20) int block,
      @ForAll long seed)
      throws IOException {
    Random random = new Random(seed);
    double[] values = random.doubles(3L * channels, -1e9, 1e9).toArray();
    values[random.nextInt(values.length)] = Double.NaN;
    Moments whole = new Moments(channels).add(values, new TensorView(3, channels, 1));

    ByteArrayOutputStream written = new ByteArrayOutputStream();
    MomentsWriter writer = new MomentsWriter(new DataOutputStream(written), channels);
    for (int from = 0; from < channels; from += block) {
      Moments slice = whole.slice(from, Math.min(channels, from + block));
      writer.write(States.read(States.of(slice)));
    }

    writer.finish();
    assertThat(written.toByteArray()).isEqualTo(States.of(whole));
  }

  @Test
  void aSliceHasTheStatisticsOfItsChannels() {
    Moments moments = new Moments(3).add(0, 1).add(1, 2).add(2, 3);

    assertThat(moments.slice(1, 3).statistics().mean().toArray()).containsExactly(2, 3);
    assertThatThrownBy(() -> moments.slice(1, 1))
        .hasMessage("Invalid number of channels: 0 (must be positive)");
    assertThatThrownBy(() -> moments.slice(2, 4)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void tooManyAndTooFewChannelsAreRefused() throws IOException {
    MomentsWriter writer = new MomentsWriter(new DataOutputStream(bytes), 3);
    writer.write(new Moments(2));

    assertThatThrownBy(() -> writer.write(new Moments(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot write moments: 2 channels after 2 of 3");
    assertThatThrownBy(writer::finish)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Cannot write moments: 2 of 3 channels");
  }
}
