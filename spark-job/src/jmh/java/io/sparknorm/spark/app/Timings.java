package io.sparknorm.spark.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * How long works took.
 *
 * @param seconds of each work, in the order of the rounds
 * @param processorSeconds the same, of all threads of this process together: on a machine that
 *     others use too, the better measure
 * @param bytes that each has written, 0 where that is not looked at
 * @param base the work that the others are compared with
 */
record Timings(
    Map<String, List<Double>> seconds,
    Map<String, List<Double>> processorSeconds,
    Map<String, Long> bytes,
    String base) {
  /** Spark's planner, readers and writers are still being compiled for so many works. */
  private static final int WARM_UPS = 16;

  /** Runs all works in turn, a few times to warm up and then so many rounds. */
  static Timings of(Map<String, Work> works, int rounds, String base) {
    Recorder recorder = new Recorder();
    int warmUps = Math.max(3, WARM_UPS / works.size());
    for (int round = -warmUps; round < rounds; round++) {
      boolean counts = round >= 0;
      works.forEach((name, work) -> recorder.time(name, work, counts));
    }

    return recorder.timings(work -> works.get(work).bytesWritten().getAsLong(), base);
  }

  /** Takes the time of one run after the other, or what another process has measured of them. */
  static final class Recorder {
    private static final OperatingSystemMXBean SYSTEM =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final Map<String, List<Double>> seconds = new LinkedHashMap<>();
    private final Map<String, List<Double>> processorSeconds = new LinkedHashMap<>();

    void time(String name, Work work, boolean counts) {
      work.clear().run();
      forget();
      long processorStart = SYSTEM.getProcessCpuTime();
      long start = System.nanoTime();
      work.run().run();
      double taken = (System.nanoTime() - start) / 1e9;
      double processor = (SYSTEM.getProcessCpuTime() - processorStart) / 1e9;
      System.err.printf(
          "%s: %.2f s, %.2f s of processors%s%n",
          name, taken, processor, counts ? "" : " (warm-up)");
      if (counts) {
        add(name, taken, processor);
      }
    }

    /**
     * Nobody pays for what the one before has left: garbage, and pages that are not on the disk
     * yet, for which whoever makes a file durable waits.
     */
    private static void forget() {
      System.gc();
      try {
        new ProcessBuilder("sync").start().waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void add(String name, double taken, double processor) {
      seconds.computeIfAbsent(name, any -> new ArrayList<>()).add(taken);
      processorSeconds.computeIfAbsent(name, any -> new ArrayList<>()).add(processor);
    }

    /** Adds what another process has measured, and told as {@link Timings#json}. */
    void addTold(Path json) throws IOException {
      new ObjectMapper()
          .readTree(json.toFile())
          .get("works")
          .fields()
          .forEachRemaining(
              work -> {
                JsonNode processorSeconds = work.getValue().get("processor_seconds");
                for (int round = 0; round < processorSeconds.size(); round++) {
                  add(
                      work.getKey(),
                      work.getValue().get("seconds").get(round).asDouble(),
                      processorSeconds.get(round).asDouble());
                }
              });
    }

    Timings timings(ToLongFunction<String> bytesWritten, String base) {
      Map<String, Long> bytes = new LinkedHashMap<>();
      seconds.keySet().forEach(name -> bytes.put(name, bytesWritten.applyAsLong(name)));
      return new Timings(seconds, processorSeconds, bytes, base);
    }
  }

  String table() {
    StringBuilder table = new StringBuilder();
    table.append("| work | median seconds | fastest to slowest | ratio to ").append(base);
    table.append(" | processor seconds | their ratio | megabytes written |\n");
    table.append("|---|---|---|---|---|---|---|\n");
    seconds.forEach(
        (name, taken) ->
            table.append(
                "| %s | %.2f | %.2f to %.2f | %.2f | %.1f | %.2f | %.1f |%n"
                    .formatted(
                        name,
                        median(taken),
                        sorted(taken).get(0),
                        sorted(taken).get(taken.size() - 1),
                        ratio(name, seconds),
                        median(processorSeconds.get(name)),
                        ratio(name, processorSeconds),
                        bytes.get(name) / 1e6)));
    return table.toString();
  }

  String json() {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = mapper.createObjectNode().put("base", base);
    ObjectNode works = json.putObject("works");
    seconds.forEach(
        (name, taken) ->
            works
                .putObject(name)
                .put("median_seconds", median(taken))
                .put("ratio", ratio(name, seconds))
                .put("median_processor_seconds", median(processorSeconds.get(name)))
                .put("processor_ratio", ratio(name, processorSeconds))
                .put("bytes", bytes.get(name))
                .<ObjectNode>set("seconds", mapper.valueToTree(taken))
                .set("processor_seconds", mapper.valueToTree(processorSeconds.get(name))));
    try {
      return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private double ratio(String name, Map<String, List<Double>> measured) {
    return median(measured.get(name)) / median(measured.get(base));
  }

  private static double median(List<Double> values) {
    List<Double> sorted = sorted(values);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  private static List<Double> sorted(List<Double> values) {
    return values.stream().sorted().toList();
  }
}
