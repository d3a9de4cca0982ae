package io.sparknorm.kernels.moments;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code docs/state-format.md} promises, held to a file of each format version and to a reader
 * in another language.
 */
class TestStateFormat {
  /** A file of each format version stays here for good, with the values that it was made of. */
  private static final Path FILES = Path.of("src/test/resources/state-format");

  private static final int MOST_BYTES = 200;

  @TempDir Path folder;

  @Test
  void filesOfVersion1AreReadAndWrittenToTheByte() throws IOException {
    byte[] saved = Files.readAllBytes(FILES.resolve("v1.bin"));

    Moments fitted = fit(FILES.resolve("v1.values.txt"));

    assertThat(States.of(States.read(saved))).isEqualTo(saved);
    assertThat(States.of(fitted)).isEqualTo(saved);
    assertThat(States.read(saved).statistics()).isEqualTo(fitted.statistics());
  }

  @Test
  void aReaderOfFortyLinesFindsExactSumsInFilesOfVersion1() throws Exception {
    assertThat(python("check_state.py", FILES.resolve("v1.bin"), FILES.resolve("v1.values.txt")))
        .isEqualTo("12 channels are exact");
  }

  @Test
  void aReaderOfFortyLinesFindsExactSumsOfAnyValues() throws Exception {
    StringBuilder lines = new StringBuilder();
    Random random = new Random(6);
    for (int i = 0; i < 3000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      lines.append(i % 100).append(' ').append(Double.toHexString(value)).append('\n');
    }

    Path values = Files.writeString(folder.resolve("values.txt"), lines);
    Path state = Files.write(folder.resolve("state.bin"), States.of(fit(values)));

    assertThat(python("check_state.py", state, values)).isEqualTo("100 channels are exact");
  }

  @Test
  void theReaderRefusesWhatIsDamagedOrForeign() throws Exception {
    byte[] state = Files.readAllBytes(FILES.resolve("v1.bin"));
    state[40] ^= 1;
    Path damaged = Files.write(folder.resolve("damaged.bin"), state);
    Path foreign = Files.writeString(folder.resolve("foreign.bin"), "PAR1 and more of it");

    assertThat(python("read_state.py", damaged)).endsWith("damaged, the checksum does not fit");
    assertThat(python("read_state.py", foreign)).endsWith("not a state of format version 1");
  }

  @Test
  void typicalChannelsTakeUpToTwoHundredBytes() {
    Random random = new Random(1);
    assertThat(mostBytes(random::nextGaussian)).isLessThan(MOST_BYTES);
    assertThat(mostBytes(() -> (float) random.nextGaussian())).isLessThan(MOST_BYTES);
    assertThat(mostBytes(() -> 1e4 + 1e-3 * random.nextGaussian())).isLessThan(MOST_BYTES);
    assertThat(mostBytes(() -> random.nextInt(1000))).isLessThan(MOST_BYTES);
    assertThat(mostBytes(() -> 1.7e9 + random.nextInt(86400))).isLessThan(MOST_BYTES);
    assertThat(mostBytes(() -> Math.exp(10 * random.nextGaussian()))).isLessThan(MOST_BYTES);
  }

  /** Of states of one channel, each of 100,000 values. */
  private static int mostBytes(DoubleSupplier values) {
    int most = 0;
    for (int i = 0; i < 5; i++) {
      Moments moments = new Moments(1);
      for (int j = 0; j < 100_000; j++) {
        moments.add(0, values.getAsDouble());
      }

      most = Math.max(most, States.of(moments).length);
    }

    return most;
  }

  private static Moments fit(Path values) throws IOException {
    List<String> lines = Files.readAllLines(values);
    int channels = 0;
    for (String line : lines) {
      channels = Math.max(channels, 1 + Integer.parseInt(line.substring(0, line.indexOf(' '))));
    }

    Moments moments = new Moments(channels);
    for (String line : lines) {
      String[] words = line.split(" ", 2);
      moments.add(Integer.parseInt(words[0]), Double.parseDouble(words[1]));
    }

    return moments;
  }

  /** The last line that a script prints. */
  private static String python(String script, Path... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("python3", FILES.resolve(script).toString());
    for (Path argument : arguments) {
      builder.command().add(argument.toString());
    }

    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process;
    try {
      process = builder.redirectErrorStream(true).start();
    } catch (IOException e) {
      return abort("There is no python3: " + e.getMessage());
    }

    String out = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return out.lines().reduce((first, second) -> second).orElse("");
  }
}
