package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestTensorShape {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5       | CHANNELS_FIRST | 5  | 1  | 5 | 1",
        "5       | CHANNELS_LAST  | 5  | 1  | 5 | 1",
        "3 4 2   | CHANNELS_FIRST | 24 | 1  | 3 | 8",
        "4 2 3   | CHANNELS_LAST  | 24 | 8  | 3 | 1",
        "-1 3    | CHANNELS_LAST  | 21 | 7  | 3 | 1",
        "-1 3    | CHANNELS_LAST  | 0  | 0  | 3 | 1",
        "3 -1    | CHANNELS_FIRST | 21 | 1  | 3 | 7",
        "3 -1 2  | CHANNELS_FIRST | 24 | 1  | 3 | 8"
      })
  void everyLayoutIsOneView(
      String dimensions, Layout layout, int length, int outer, int channels, int inner) {
    List<Integer> parsed = List.of(dimensions.split(" ")).stream().map(Integer::valueOf).toList();
    assertThat(new TensorShape(parsed, layout).view(length))
        .isEqualTo(new TensorView(outer, channels, inner));
  }

  @Test
  void aLengthThatDoesNotFitIsRefused() {
    TensorShape fixed = new TensorShape(List.of(3, 4), Layout.CHANNELS_FIRST);
    assertThatThrownBy(() -> fixed.view(11))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot view 11 elements as [3, 4] channels-first: expected 12");
    TensorShape variable = new TensorShape(List.of(-1, 4), Layout.CHANNELS_LAST);
    assertThatThrownBy(() -> variable.view(11))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot view 11 elements as [-1, 4] channels-last: expected a multiple of 4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 2        | each dimension must be positive, or -1 where records differ",
        "-2         | each dimension must be positive, or -1 where records differ",
        "2 -1 -1    | only one dimension may be -1",
        "-1 3       | the number of channels must be given",
        "65536 65536| a record holds at most 2147483647 elements"
      })
  void anImpossibleShapeIsRefused(String dimensions, String rule) {
    List<Integer> parsed = List.of(dimensions.split(" ")).stream().map(Integer::valueOf).toList();
    assertThatThrownBy(() -> new TensorShape(parsed, Layout.CHANNELS_FIRST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid shape: %s (%s)".formatted(parsed, rule));
  }

  @Test
  void anEmptyShapeIsRefused() {
    assertThatThrownBy(() -> new TensorShape(List.of(), Layout.CHANNELS_FIRST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid shape: [] (at least one dimension is needed)");
  }

  @ParameterizedTest
  @CsvSource({"65536, 65536, 1", "65536, 1, 65536", "1, 65536, 32768", "2097152, 2097152, 2097152"})
  void aViewOfMoreElementsThanAnArrayHoldsIsRefused(int outer, int channels, int inner) {
    assertThatThrownBy(() -> new TensorView(outer, channels, inner))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Invalid tensor view: %d x %d x %d (at most 2147483647 elements)"
                .formatted(outer, channels, inner));
  }

  @Test
  void theLargestViewsHaveTheirLength() {
    assertThat(new TensorView(1, Integer.MAX_VALUE, 1).length()).isEqualTo(Integer.MAX_VALUE);
    assertThat(new TensorView(0, Integer.MAX_VALUE, 1).length()).isZero();
    assertThat(new TensorView(Integer.MAX_VALUE, 1, 0).length()).isZero();
  }
}
