package io.sparknorm.spark.models;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestStatisticsFile {
  @Test
  void namesEveryFieldAndSpellsOutWhatJsonHasNoNumberFor() throws IOException {
    Statistics dataset =
        new Statistics(
            new long[] {3, 1},
            Coefficients.of(-0.0, Double.NEGATIVE_INFINITY),
            Coefficients.of(2e23, Double.POSITIVE_INFINITY),
            Coefficients.of(0.1, Double.NaN));
    RunningStatistics running =
        new RunningStatistics(Coefficients.of(1, 2), Coefficients.of(0.5, 4), 7);

    assertThat(text(new StatisticsFile(Optional.of(dataset), Optional.of(running))))
        .isEqualTo(
            "{\"count\":[3,1],\"mean\":[-0.0,\"-Infinity\"],\"variance\":[2.0E23,\"Infinity\"],"
                + "\"unbiased_variance\":[0.1,\"NaN\"],\"running_mean\":[1.0,2.0],"
                + "\"running_var\":[0.5,4.0],\"num_batches_tracked\":7}\n");
  }

  @Property
  void readsTheVeryDoublesThatItWrote(@ForAll long bits, @ForAll long otherBits)
      throws IOException {
    Coefficients values =
        Coefficients.of(Double.longBitsToDouble(bits), Double.longBitsToDouble(otherBits));
    StatisticsFile written =
        new StatisticsFile(
            Optional.of(new Statistics(new long[] {0, Long.MAX_VALUE}, values, values, values)),
            Optional.of(new RunningStatistics(values, values, Long.MAX_VALUE)));

    assertThat(read(text(written), 2)).isEqualTo(written);
  }

  @Property
  void writesNoMoreDigitsThanADoubleNeeds(@ForAll long bits) throws IOException {
    assertShortest(Double.longBitsToDouble(bits));
  }

  @Example
  void writesFewerDigitsThanTheJavaPlatform() throws IOException {
    assertThat(Double.toString(2e23)).isNotEqualTo("2.0E23");
    assertShortest(2e23);
    assertShortest(Double.MIN_VALUE);
    assertShortest(Double.MAX_VALUE);
    assertShortest(9.5367431640625e-7);
  }

  private static void assertShortest(double value) throws IOException {
    if (!Double.isFinite(value) || value == 0) {
      return;
    }

    RunningStatistics running =
        new RunningStatistics(Coefficients.of(value), Coefficients.of(1), 0);
    String written = text(new StatisticsFile(Optional.empty(), Optional.of(running)));
    String number = written.substring(written.indexOf('[') + 1, written.indexOf(']'));
    int digits = new BigDecimal(number).stripTrailingZeros().precision();
    assertThat(Double.parseDouble(number)).isEqualTo(value);
    if (digits > 2) { // there is always one before the point and one after
      for (RoundingMode direction : new RoundingMode[] {RoundingMode.DOWN, RoundingMode.UP}) {
        BigDecimal shorter = new BigDecimal(value).round(new MathContext(digits - 1, direction));
        assertThat(shorter.doubleValue())
            .as("%s, for which %s was written", shorter, number)
            .isNotEqualTo(value);
      }
    }
  }

  @Test
  void takesAMillionChannels() throws IOException {
    int channels = 1_000_000;
    double[] values = new double[channels];
    for (int c = 0; c < channels; c++) {
      values[c] = 1.0 / (c + 1);
    }

    RunningStatistics running =
        new RunningStatistics(Coefficients.of(values), Coefficients.of(values), 1);
    StatisticsFile written = new StatisticsFile(Optional.empty(), Optional.of(running));

    assertThat(read(text(written), channels)).isEqualTo(written);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|expected an object, found START_ARRAY at byte 0",
        "{\"count\":[1]}|the field mean is missing",
        "{\"count\":[1,2]}|expected 1 values in count, one per channel, found VALUE_NUMBER_INT at byte 12",
        "{\"count\":[1.5]}|expected an integer, found VALUE_NUMBER_FLOAT at byte 10",
        "{\"mean\":[]}|expected a number, found END_ARRAY at byte 9",
        "{\"mean\":[\"nan\"]}|expected a number, found \"nan\"",
        "{\"mean\":1}|expected an array mean, found VALUE_NUMBER_INT at byte 8",
        "{\"skew\":[1]}|unknown fields: [skew]",
        "{\"num_batches_tracked\":1}|the field running_mean is missing",
      })
  void refusesAnythingElse(String text, String why) {
    assertThatThrownBy(() -> read(text, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(why);
  }

  private static String text(StatisticsFile file) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    file.write(out);
    return out.toString(UTF_8);
  }

  private static StatisticsFile read(String text, int channels) throws IOException {
    return StatisticsFile.read(new ByteArrayInputStream(text.getBytes(UTF_8)), channels);
  }
}
