package io.sparknorm.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestJobFile {
  @Test
  void settingsWinOverTheFileAndTheLastOverThoseBeforeIt() {
    Config config =
        parse(
            "norm { epsilon = 1, groups = 2 }", "norm.epsilon=2", "norm.epsilon=3", "store.path=s");

    assertThat(config.getInt("norm.epsilon")).isEqualTo(3);
    assertThat(config.getInt("norm.groups")).isEqualTo(2);
    assertThat(config.getString("store.path")).isEqualTo("s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3a://bucket/a//b",
        "split = 'train' and x > 1",
        "C:\\data",
        "${HOME}",
        "a # b",
        "32",
        ""
      })
  void settingWithBareTextIsTakenAsItStands(String text) {
    assertThat(parse("", "input.path=" + text).getString("input.path")).isEqualTo(text);
  }

  @Test
  void settingMayBeHocon() {
    Config config =
        parse(
            "norm.bias = [0]",
            "norm.weight=[1, 2.5]",
            "features={ column = x }",
            "input.path=\"a \\\"b\\\"\"",
            "norm.bias=null");

    assertThat(config.getDoubleList("norm.weight")).containsExactly(1.0, 2.5);
    assertThat(config.getString("features.column")).isEqualTo("x");
    assertThat(config.getString("input.path")).isEqualTo("a \"b\"");
    assertThat(config.hasPath("norm.bias")).isFalse();
  }

  @Test
  void settingsEnterSubstitutionsOfTheFile() {
    Config config = parse("run = a, path = \"out/\"${run}", "run=b");

    assertThat(config.getString("path")).isEqualTo("out/b");
  }

  @Test
  void environmentIsSubstitutedAndSystemPropertiesAreNot() {
    Config config = parse("a = ${PATH}, b = x${?user.home}, c = x${?NO_SUCH_VARIABLE}");

    assertThat(config.getString("a")).isEqualTo(System.getenv("PATH"));
    assertThat(config.getString("b")).isEqualTo("x");
    assertThat(config.getString("c")).isEqualTo("x");
  }

  @Test
  void syntaxErrorNamesTheLineAndNotTheText() {
    assertUsage(
        "input {\n  options { password = hunter2{ }\n}",
        "Cannot read job.conf: line 3 is not valid HOCON (a text with any of"
            + " $\"{}[]:=,+#`^?!@*&\\ needs quotes)");
  }

  @Test
  void substitutionOfNothingIsRefused() {
    assertUsage(
        "\nstore.path = ${NO_SUCH_VARIABLE}",
        "Cannot read job.conf: line 2 refers with ${..} to what is neither in the file nor in the"
            + " environment (${?..} is for what may be absent)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "include \"other.conf\"",
        "include file(\"other.conf\")",
        "include url(\"http://127.0.0.1/other.conf\")",
        "include classpath(\"other.conf\")",
        "norm { include required(file(\"other.conf\")) }"
      })
  void includesAreRefused(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(JobException.class)
        .hasMessageMatching(
            "Cannot read job.conf: it includes .*other.conf \\(a job file stands for itself; use"
                + " --set for what differs\\)");
  }

  @Test
  void settingWithoutKeyOrWithMalformedValueIsRefusedWithoutTheValue() {
    assertThatThrownBy(() -> parse("", "hunter2")).hasMessage("Invalid --set: no key=value");
    assertThatThrownBy(() -> parse("", "input.options.password=[hunter2"))
        .hasMessage("Invalid --set input.options.password: key or value is not valid HOCON");
    assertThatThrownBy(() -> parse("", "features[0].column=x"))
        .hasMessage("Invalid --set features[0].column: key or value is not valid HOCON");
  }

  private static Config parse(String text, String... settings) {
    return JobFile.parse(text, "job.conf", List.of(settings));
  }

  private static void assertUsage(String text, String message) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOfSatisfying(
            JobException.class, e -> assertThat(e.status()).isEqualTo(LeavingStatus.USAGE))
        .hasMessage(message);
  }
}
