package io.sparknorm.spark.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TestKeyIndex {
  private final KeyBuffer buffer = new KeyBuffer();

  private KeyBuffer buffer(String key) {
    buffer.clear();
    buffer.put(key.getBytes(StandardCharsets.UTF_8));
    return buffer;
  }

  @Property(tries = 100)
  void keysAreNumberedInTheOrderInWhichTheyCome(@ForAll @Size(max = 300) List<String> keys) {
    KeyIndex index = new KeyIndex();
    Map<String, Integer> expected = new LinkedHashMap<>();
    for (String key : keys) {
      String bytes = new String(key.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
      assertThat(index.find(buffer(key))).isEqualTo(expected.getOrDefault(bytes, -1));
      expected.putIfAbsent(bytes, expected.size());
      assertThat(index.add(buffer(key))).isEqualTo(expected.get(bytes));
    }

    assertThat(index.size()).isEqualTo(expected.size());
    expected.forEach(
        (key, number) ->
            assertThat(index.key(number)).isEqualTo(key.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void manyKeysAreAllFound() {
    KeyIndex index = new KeyIndex();
    for (int i = 0; i < 100_000; i++) {
      index.add(buffer("key " + i));
    }

    for (int i = 0; i < 100_000; i++) {
      assertThat(index.find(buffer("key " + i))).isEqualTo(i);
    }

    assertThat(index.find(buffer("key 100000"))).isNegative();
  }
}
