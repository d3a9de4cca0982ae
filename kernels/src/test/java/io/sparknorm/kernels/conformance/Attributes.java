package io.sparknorm.kernels.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** A case's attributes. Each must be read: what the product does not know must not pass. */
final class Attributes {
  /** Attributes that say where a case comes from, or repeat what its tensors' shapes say. */
  private static final Set<String> REMARKS =
      Set.of("onnx_opset", "onnx_attributes", "num_groups_asked", "axis", "affine");

  private final JsonNode attributes;
  private final Set<String> read = new HashSet<>(REMARKS);

  Attributes(JsonNode attributes) {
    this.attributes = attributes;
  }

  /** Whether the attribute is there and not null. */
  boolean has(String name) {
    read.add(name);
    return attributes.hasNonNull(name);
  }

  double number(String name) {
    return required(name).doubleValue();
  }

  int integer(String name) {
    return required(name).intValue();
  }

  boolean flag(String name) {
    return required(name).booleanValue();
  }

  String text(String name) {
    return required(name).textValue();
  }

  List<Integer> integers(String name) {
    JsonNode values = required(name);
    return IntStream.range(0, values.size()).mapToObj(i -> values.get(i).intValue()).toList();
  }

  /** Throws if the attribute has another value: the op allows no other. */
  void expect(String name, String value) {
    if (!text(name).equals(value)) {
      throw new IllegalArgumentException("unknown %s: %s".formatted(name, text(name)));
    }
  }

  void checkAllRead() {
    Set<String> unknown = new TreeSet<>();
    attributes.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(read);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("unknown attributes: " + unknown);
    }
  }

  private JsonNode required(String name) {
    if (!has(name)) {
      throw new IllegalArgumentException("missing attribute: " + name);
    }

    return attributes.get(name);
  }
}
