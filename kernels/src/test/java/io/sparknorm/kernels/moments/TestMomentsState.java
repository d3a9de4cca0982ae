package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.TensorView;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class TestMomentsState {
  private static final double[] VALUES = {
    1.5, -2, 1e300, Double.NaN, 0, Double.MIN_VALUE, Double.NEGATIVE_INFINITY, 7
  };

  private final byte[] state = States.of(new Moments(2).add(VALUES, new TensorView(4, 2, 1)));

  @Test
  void theBytesAreThoseOfFormatVersion1() {
    Moments moments = new Moments(2).add(0, 1).add(0, -3).add(1, Double.NaN);

    String header = "534e4d4d 00000001 00000002";
    // -2 is -2^1075 = -2^19 * 2^(32 * 33) units; 10 is 10 * 2^2148 = 10 * 2^4 * 2^(32 * 67) units.
    String first = "0000000000000002 00 2101fff80000 4301000000a0";
    String second = "0000000000000000 01 0000000000000001 0000 0000";
    byte[] body = HexFormat.of().parseHex((header + first + second).replace(" ", ""));
    assertThat(States.of(moments)).isEqualTo(withChecksum(body));
  }

  @Test
  void whatIsReadGoesOnAsWhatWasWritten() {
    TensorView view = new TensorView(4, 2, 1);
    Moments moments = States.read(state).add(VALUES, view);

    assertThat(States.of(moments))
        .isEqualTo(States.of(new Moments(2).add(VALUES, view).add(VALUES, view)));
  }

  @Test
  void typicalChannelsTakeFewBytes() {
    Random random = new Random(1);
    int channels = 200;
    Moments floats = new Moments(channels);
    Moments doubles = new Moments(channels);
    for (int i = 0; i < 200_000; i++) {
      double value = 3 + random.nextGaussian();
      floats.add(i % channels, (float) value);
      doubles.add(i % channels, value);
    }

    assertThat(States.of(floats).length / channels).isBetween(25, 45);
    assertThat(States.of(doubles).length / channels).isBetween(30, 60);
  }

  @Test
  void theLargestStateIsReadBack() {
    Moments moments = new Moments(1).add(0, Double.MAX_VALUE).add(0, Double.MIN_VALUE);
    for (int i = 0; i < 61; i++) {
      moments.merge(moments);
    }

    byte[] largest = States.of(moments);
    assertThat(States.of(States.read(largest))).isEqualTo(largest);
  }

  @Test
  void everyTruncationIsRefused() {
    for (int length = 0; length < state.length; length++) {
      byte[] truncated = Arrays.copyOf(state, length);
      assertThatThrownBy(() -> States.read(truncated))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageMatching(
              length < 12
                  ? "Cannot read moments: the state ends within its header"
                  : "Cannot read moments: the state ends after [012] of 2 channels");
    }
  }

  @Test
  void everyChangedBitIsRefused() {
    for (int bit = 0; bit < 8 * state.length; bit++) {
      byte[] altered = state.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> States.read(altered))
          .as("bit %d", bit)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("Cannot read moments: ");
    }
  }

  @Test
  void aWrongChecksumIsNamed() {
    ByteBuffer altered = ByteBuffer.wrap(state.clone());
    int last = state.length - 4;
    int expected = altered.getInt(last);
    altered.putInt(last, 0x12345678);

    assertRefused(
        altered.array(),
        "the state is damaged: expected checksum %08x, found 12345678".formatted(expected));
  }

  @Test
  void foreignFilesAreRefused() {
    assertRefused(
        "PAR1 and so on".getBytes(StandardCharsets.US_ASCII),
        "expected a state that begins with 534e4d4d, found 50415231");
  }

  @Test
  void otherFormatVersionsAreRefused() {
    ByteBuffer later = ByteBuffer.wrap(state.clone()).putInt(4, 2);

    assertRefused(later.array(), "expected format version 1, found 2");
  }

  @Test
  void aHugeNumberOfChannelsIsNotBelieved() {
    ByteBuffer huge = ByteBuffer.wrap(state.clone()).putInt(8, Integer.MAX_VALUE);

    assertThatThrownBy(() -> States.read(huge.array()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot read moments: the state");
  }

  @Test
  void contentThatNoMomentsWriteIsRefusedThoughTheChecksumFits() {
    assertRefused(
        state("00000000", ""), "the state is damaged: expected at least 1 channel, found 0");
    assertRefused(
        state("00000001", "ffffffffffffffff 00 0000 0000"),
        "the state is damaged: expected a count of at least 0, found -1");
    assertRefused(
        state("00000001", "0000000000000000 01 0000000000000000 0000 0000"),
        "the state is damaged: expected a count of at least 1, found 0");
    assertRefused(
        state("00000001", "0000000000000000 08 0000 0000"),
        "the state is damaged: expected bits for three more counts, found 08");
    assertRefused(
        state("00000001", "0000000000000001 00 ffff 0000"),
        "the state is damaged: expected at most 68 digits, found 510");
    assertRefused(
        state("00000001", "0000000000000001 00 0000 ffff"),
        "the state is damaged: expected at most 134 digits, found 510");
    assertRefused(
        state("00000001", "0000000000000001 00 21020000000000080000 4301000000a0"),
        "the state is damaged: expected 1 digits, found 2");
    assertRefused(
        state("00000001", "0000000000000000 00 2101fff80000 0000"),
        "the state is damaged: expected sums of no values to be zero");
    assertRefused(
        state("00000001", "0000000000000001 00 2101fff80000 4301fffffff6"),
        "the state is damaged: expected a sum of squares that is not negative");
  }

  private static void assertRefused(byte[] state, String why) {
    assertThatThrownBy(() -> States.read(state))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot read moments: " + why);
  }

  private static byte[] state(String channels, String content) {
    String hex = "534e4d4d 00000001" + channels + content;
    return withChecksum(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static byte[] withChecksum(byte[] body) {
    CRC32 checksum = new CRC32();
    checksum.update(body);
    return ByteBuffer.allocate(body.length + 4).put(body).putInt((int) checksum.getValue()).array();
  }
}
