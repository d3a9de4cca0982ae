package io.sparknorm.spark.models;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import io.sparknorm.kernels.Coefficients;
import io.sparknorm.kernels.moments.RunningStatistics;
import io.sparknorm.kernels.moments.Statistics;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The file {@code stats-<run>.json}: one JSON object of arrays by channel, {@code count}, {@code
 * mean}, {@code variance} (biased) and {@code unbiased_variance} for the statistics of the dataset,
 * {@code running_mean}, {@code running_var} and the number {@code num_batches_tracked} for the
 * running ones. Each double is the shortest text that reads back as the same double, or one of the
 * strings {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}.
 *
 * <p>Written and read as a stream, since there may be a million channels.
 */
record StatisticsFile(Optional<Statistics> statistics, Optional<RunningStatistics> running) {
  /** Its fast double writer is shortest; {@link Double#toString} of Java 17 is not always. */
  static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  boolean isEmpty() {
    return statistics.isEmpty() && running.isEmpty();
  }

  void write(OutputStream out) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out, JsonEncoding.UTF8)) {
      json.writeStartObject();
      if (statistics.isPresent()) {
        Statistics dataset = statistics.get();
        long[] counts = dataset.counts();
        json.writeFieldName("count");
        json.writeArray(counts, 0, counts.length);
        write(json, "mean", dataset.mean());
        write(json, "variance", dataset.biasedVariance());
        write(json, "unbiased_variance", dataset.unbiasedVariance());
      }

      if (running.isPresent()) {
        write(json, "running_mean", running.get().mean());
        write(json, "running_var", running.get().variance());
        json.writeNumberField("num_batches_tracked", running.get().batchesTracked());
      }

      json.writeEndObject();
      json.writeRaw('\n');
    }
  }

  private static void write(JsonGenerator json, String name, Coefficients values)
      throws IOException {
    json.writeFieldName(name);
    double[] array = values.toArray();
    json.writeArray(array, 0, array.length);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param channels how many values each array must have
   * @throws IllegalArgumentException if the JSON is anything else
   */
  static StatisticsFile read(InputStream in, int channels) throws IOException {
    try (JsonParser json = JSON.createParser(in)) {
      return new Reader(json, channels).read();
    }
  }

  private static final class Reader {
    private final JsonParser json;
    private final int channels;
    private final Map<String, Coefficients> arrays = new HashMap<>();
    private Optional<long[]> counts = Optional.empty();
    private Optional<Long> batchesTracked = Optional.empty();

    Reader(JsonParser json, int channels) {
      this.json = json;
      this.channels = channels;
    }

    StatisticsFile read() throws IOException {
      expect(json.nextToken() == JsonToken.START_OBJECT, "an object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "count" -> counts = Optional.of(counts(name));
          case "num_batches_tracked" -> batchesTracked = Optional.of(integer());
          default -> arrays.put(name, doubles(name));
        }
      }

      Optional<Statistics> statistics =
          counts.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new Statistics(
                      counts.get(), take("mean"), take("variance"), take("unbiased_variance")));
      Optional<RunningStatistics> running =
          batchesTracked.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new RunningStatistics(
                      take("running_mean"), take("running_var"), batchesTracked.get()));
      if (!arrays.isEmpty()) {
        throw new IllegalArgumentException("unknown fields: " + arrays.keySet());
      }

      return new StatisticsFile(statistics, running);
    }

    private Coefficients take(String name) {
      Coefficients values = arrays.remove(name);
      if (values == null) {
        throw new IllegalArgumentException("the field " + name + " is missing");
      }

      return values;
    }

    private long[] counts(String name) throws IOException {
      long[] values = new long[channels];
      beginArray(name);
      for (int c = 0; c < channels; c++) {
        json.nextToken();
        values[c] = integer();
      }

      endArray(name);
      return values;
    }

    private Coefficients doubles(String name) throws IOException {
      double[] values = new double[channels];
      beginArray(name);
      for (int c = 0; c < channels; c++) {
        json.nextToken();
        values[c] = real();
      }

      endArray(name);
      return Coefficients.of(values);
    }

    private void beginArray(String name) throws IOException {
      expect(json.currentToken() == JsonToken.START_ARRAY, "an array " + name);
    }

    private void endArray(String name) throws IOException {
      expect(
          json.nextToken() == JsonToken.END_ARRAY,
          "%d values in %s, one per channel".formatted(channels, name));
    }

    private long integer() throws IOException {
      expect(json.currentToken() == JsonToken.VALUE_NUMBER_INT, "an integer");
      return json.getLongValue();
    }

    private double real() throws IOException {
      if (json.currentToken() != JsonToken.VALUE_STRING) {
        expect(json.currentToken() != null && json.currentToken().isNumeric(), "a number");
        return json.getDoubleValue();
      }

      return switch (json.getText()) {
        case "NaN" -> Double.NaN;
        case "Infinity" -> Double.POSITIVE_INFINITY;
        case "-Infinity" -> Double.NEGATIVE_INFINITY;
        default ->
            throw new IllegalArgumentException(
                "expected a number, found \"" + json.getText() + "\"");
      };
    }

    private void expect(boolean condition, String what) {
      if (!condition) {
        throw new IllegalArgumentException(
            "expected %s, found %s at byte %d"
                .formatted(what, json.currentToken(), json.currentTokenLocation().getByteOffset()));
      }
    }
  }
}
