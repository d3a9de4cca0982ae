package io.sparknorm.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TestValueDictionary {
  @Property
  void numbersValuesInOrderOfAppearance(
      @ForAll @Size(max = 2000) List<@LongRange(min = -700, max = 700) Long> values) {
    ValueDictionary dictionary = new ValueDictionary();
    dictionary.admit(Integer.MAX_VALUE);
    List<Long> distinct = new ArrayList<>();
    for (long value : values) {
      if (!distinct.contains(value)) {
        distinct.add(value);
      }
      assertThat(dictionary.indexOf(value)).isEqualTo(distinct.indexOf(value));
    }

    assertThat(dictionary.size()).isEqualTo(distinct.size());
    for (int i = 0; i < distinct.size(); i++) {
      assertThat(dictionary.value(i)).isEqualTo(distinct.get(i));
    }
  }

  @Test
  void aFullDictionaryStillKnowsItsValues() {
    ValueDictionary dictionary = new ValueDictionary();
    dictionary.admit(2);
    dictionary.indexOf(7);
    dictionary.indexOf(8);

    assertThat(dictionary.indexOf(9)).isEqualTo(ValueDictionary.FULL);
    assertThat(dictionary.indexOf(8)).isEqualTo(1);
  }

  @Test
  void truncatedValuesAreForgotten() {
    ValueDictionary dictionary = new ValueDictionary();
    dictionary.admit(1000);
    for (long value = 0; value < 900; value++) {
      dictionary.indexOf(value);
    }
    dictionary.truncate(10);

    assertThat(dictionary.size()).isEqualTo(10);
    assertThat(dictionary.indexOf(9)).isEqualTo(9);
    assertThat(dictionary.indexOf(800)).isEqualTo(10);
  }
}
