package io.sparknorm.kernels.conformance;

import com.fasterxml.jackson.databind.JsonNode;

/** A tensor of a case: an input, or an output, of which only some positions may be listed. */
record Golden(int[] shape, double[] data, int[] index) {
  static Golden parse(JsonNode tensor) {
    double[] data = numbers(tensor.get("data"));
    int[] index = new int[data.length];
    for (int i = 0; i < index.length; i++) {
      index[i] = tensor.path("sampled").booleanValue() ? tensor.get("index").get(i).intValue() : i;
    }

    return new Golden(integers(tensor.get("shape")), data, index);
  }

  int length() {
    int product = 1;
    for (int dimension : shape) {
      product *= dimension;
    }

    return product;
  }

  private static double[] numbers(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = array.get(i);
      values[i] = value.isTextual() ? Double.parseDouble(value.textValue()) : value.doubleValue();
    }

    return values;
  }

  private static int[] integers(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).intValue();
    }

    return values;
  }
}
