package io.sparknorm.spark.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.config.Difference;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TestRecordType {
  private static final TensorShape IMAGE =
      new TensorShape(List.of(3, 32, 32), Layout.CHANNELS_FIRST);

  @Test
  void sameTypesDoNotDiffer() {
    assertThat(tensor(IMAGE).differenceFrom(tensor(IMAGE))).isEmpty();
    assertThat(columns("a", "b").differenceFrom(columns("a", "b"))).isEmpty();
    assertThat(columns("a", "b").differenceFrom(columns("A", "b"))).isEmpty();
  }

  @Test
  void layoutOfAVectorIsOfNoConsequence() {
    TensorShape last = new TensorShape(List.of(3), Layout.CHANNELS_LAST);

    assertThat(tensor(TensorShape.vector(3)).differenceFrom(tensor(last))).isEmpty();
  }

  @Test
  void showsShapesOneBelowTheOther() {
    assertThat(
            described(
                tensor(TensorShape.vector(512)).differenceFrom(tensor(TensorShape.vector(256)))))
        .contains("  model: [512] float\n  data:  [256] float");
  }

  @Test
  void showsLayouts() {
    TensorShape last = new TensorShape(List.of(3, 32, 32), Layout.CHANNELS_LAST);

    assertThat(described(tensor(IMAGE).differenceFrom(tensor(last))))
        .contains(
            "  model: [3, 32, 32] channels-first float\n"
                + "  data:  [3, 32, 32] channels-last float");
  }

  @Test
  void showsElementTypes() {
    RecordType doubles = RecordType.tensor(IMAGE, ElementType.DOUBLE);

    assertThat(described(tensor(IMAGE).differenceFrom(doubles)))
        .contains(
            "  model: [3, 32, 32] channels-first float\n"
                + "  data:  [3, 32, 32] channels-first double");
  }

  @Test
  void showsTheFirstChannelOfAnotherName() {
    assertThat(described(columns("a", "b", "c").differenceFrom(columns("a", "c", "b"))))
        .contains(
            "  model: [3] double, channel 1 is column b\n"
                + "  data:  [3] double, channel 1 is column c");
  }

  @Test
  void tellsColumnsFromATensor() {
    RecordType vector = RecordType.tensor(TensorShape.vector(2), ElementType.DOUBLE);

    assertThat(described(columns("a", "b").differenceFrom(vector)))
        .contains(
            "  model: [2] double, channel 0 is column a\n  data:  [2] double, a tensor column");
  }

  @Test
  void namesAllChannelsOrNone() {
    assertThatThrownBy(() -> new RecordType(IMAGE, ElementType.FLOAT, List.of("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid channel names: 1 names (expected 3, one per channel)");
  }

  private static Optional<String> described(Optional<Difference> difference) {
    return difference.map(some -> some.describe("model", "data"));
  }

  private static RecordType tensor(TensorShape shape) {
    return RecordType.tensor(shape, ElementType.FLOAT);
  }

  private static RecordType columns(String... names) {
    return new RecordType(TensorShape.vector(names.length), ElementType.DOUBLE, List.of(names));
  }
}
