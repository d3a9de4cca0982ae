package io.sparknorm.spark.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TestKey {
  private static final Path PROJECT = Path.of("..");

  @Test
  void readmeHasTheTableOfAllKeys() throws IOException {
    assertThat(Files.readString(PROJECT.resolve("README.md")))
        .contains("<!-- keys -->\n" + Key.markdownTable() + "<!-- /keys -->");
  }

  @Test
  void tableHasARowForEachKey() {
    assertThat(Key.markdownTable().lines())
        .hasSize(2 + Key.values().length)
        .contains(
            "| `input.path` |  | Where the data is; this or input.table |",
            "| `norm.groups` | `32` | Number of groups of neighbouring channels; must divide the"
                + " channels |");
  }

  @Test
  void constantsAreCalledAsTheirKeys() {
    assertThat(Key.values())
        .allSatisfy(key -> assertThat(key.fullName().replace('.', '-')).isEqualTo(Names.of(key)));
  }

  @Test
  void everyTypeOfNormIsInTheMeaningOfItsKey() {
    assertThat(Key.NORM_TYPE.meaning().split("[ ,]+"))
        .containsAll(Arrays.stream(NormType.values()).map(Names::of).toList());
  }

  @Test
  void defaultsOfTheFaultsAreThePolicies() {
    FaultPolicies defaults = FaultPolicies.DEFAULT;

    assertThat(Key.FAULTS_NAN.defaultValue()).isEqualTo(Names.of(defaults.nan()));
    assertThat(Key.FAULTS_INFINITY.defaultValue()).isEqualTo(Names.of(defaults.infinity()));
    assertThat(Key.FAULTS_NULL_ARRAY.defaultValue()).isEqualTo(Names.of(defaults.nullArray()));
    assertThat(Key.FAULTS_NULL_ELEMENT.defaultValue()).isEqualTo(Names.of(defaults.nullElement()));
    assertThat(Key.FAULTS_WRONG_LENGTH.defaultValue()).isEqualTo(Names.of(defaults.wrongLength()));
  }

  @ParameterizedTest
  @MethodSource("jobFiles")
  void everySampleIsAJobForRun(Path file) throws IOException {
    JobSpec job =
        JobSpec.parse(
            JobFile.parse(Files.readString(file), file.toString(), List.of()), Command.RUN);

    String name = file.getFileName().toString().replace(".conf", "");
    if (file.getParent().equals(PROJECT.resolve("conf"))) {
      String type = job.features().get(0).norm().get().toMap().get("type").toString();
      assertThat(type).isEqualTo(name.equals("mean-variance-norm") ? "batch-norm" : name);
    } else {
      assertThat(job.features().get(0).model().get().name()).isEqualTo(name);
    }
  }

  static List<Path> jobFiles() throws IOException {
    try (Stream<Path> files = Files.walk(PROJECT.resolve("conf"))) {
      List<Path> found = files.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
      assertThat(found).hasSizeGreaterThanOrEqualTo(10);
      return found;
    }
  }
}
