package io.sparknorm.spark.models;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.models.PartitionStates.PartitionState;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestPartitionStates {
  private static final PartitionStates STATES =
      new PartitionStates(
          "basis",
          List.of(
              new PartitionState(
                  "2026-11-01",
                  "files",
                  new RecordCounts(3, 1, Map.of("nan", 2L)),
                  Optional.of(new byte[] {1, 2, 3})),
              new PartitionState("é", "others", RecordCounts.NONE, Optional.empty())));

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    PartitionStates read = read(bytes());

    assertThat(read.basis()).isEqualTo("basis");
    assertThat(read.partitions()).hasSize(2);
    PartitionState first = read.partitions().get(0);
    assertThat(first.name()).isEqualTo("2026-11-01");
    assertThat(first.files()).isEqualTo("files");
    assertThat(first.counts()).isEqualTo(new RecordCounts(3, 1, Map.of("nan", 2L)));
    assertThat(first.state().orElseThrow()).containsExactly(1, 2, 3);
    assertThat(read.partitions().get(1)).isEqualTo(STATES.partitions().get(1));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = bytes();
    for (int length = 0; length < bytes.length; length++) {
      byte[] truncated = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> read(truncated))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the states of partitions end too early");
    }
  }

  @Test
  void foreignFilesAndOtherVersionsAreRefused() throws IOException {
    byte[] later = bytes();
    later[7] = 2;

    assertThatThrownBy(() -> read(later))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected states of partitions of format version 1, found 534e5053 version 2");
    assertThatThrownBy(() -> read("PAR1 and more".getBytes(UTF_8)))
        .hasMessageStartingWith(
            "expected states of partitions of format version 1, found 50415231 version ");
  }

  private static byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    STATES.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static PartitionStates read(byte[] bytes) throws IOException {
    return PartitionStates.read(new DataInputStream(new ByteArrayInputStream(bytes)));
  }
}
