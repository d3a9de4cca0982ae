package io.sparknorm.kernels;

import io.sparknorm.kernels.moments.MomentsBenchmark;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The variants of the benchmarks in turn, round after round, and the median of each round's ratios:
 * on a machine that others use too, where the times of two JMH runs have little to do with each
 * other.
 *
 * <p>Arguments: the number of rounds, and the works of {@link NormBenchmark} or the values of
 * {@link MomentsBenchmark} with a number of channels, as in {@code NORMAL:256}.
 */
public final class Ratios {
  private static final double WARM_UP_SECONDS = 4;
  private static final int NORM_ELEMENTS = 1 << 24;
  private static final int MOMENTS_ELEMENTS = 1 << 22;

  private final Map<String, Runnable> variants = new LinkedHashMap<>();
  private final Map<String, double[]> nanoseconds = new LinkedHashMap<>();

  private Ratios() {}

  public static void main(String[] arguments) {
    int rounds = Integer.parseInt(arguments[0]);
    for (String work : Arrays.asList(arguments).subList(1, arguments.length)) {
      String[] parts = work.split(":", 2);
      if (parts.length == 1) {
        ofNorm(work).print(work, rounds, NORM_ELEMENTS, "copy");
      } else {
        Ratios ratios = ofMoments(parts[0], Integer.parseInt(parts[1]));
        ratios.print(work, rounds, MOMENTS_ELEMENTS, "plainFloats", "plainFloatsVector");
      }
    }
  }

  private static Ratios ofNorm(String work) {
    NormBenchmark benchmark = new NormBenchmark();
    benchmark.work = NormBenchmark.Work.valueOf(work);
    benchmark.elements = NORM_ELEMENTS;
    benchmark.prepare();
    Ratios ratios = new Ratios();
    ratios.variants.put("copy", benchmark::copy);
    ratios.variants.put("vector", benchmark::vector);
    return ratios;
  }

  private static Ratios ofMoments(String values, int channels) {
    MomentsBenchmark benchmark = new MomentsBenchmark();
    benchmark.values = MomentsBenchmark.Values.valueOf(values);
    benchmark.channels = channels;
    benchmark.elements = MOMENTS_ELEMENTS;
    benchmark.prepare();
    Ratios ratios = new Ratios();
    ratios.variants.put("plainFloats", benchmark::plainFloats);
    ratios.variants.put("plainFloatsVector", benchmark::plainFloatsVector);
    ratios.variants.put("plainDoubles", benchmark::plainDoubles);
    ratios.variants.put("exactFloats", benchmark::exactFloats);
    ratios.variants.put("exactFloatsScalar", benchmark::exactFloatsScalar);
    ratios.variants.put("exactDoubles", benchmark::exactDoubles);
    return ratios;
  }

  private void print(String work, int rounds, int elements, String... bases) {
    long start = System.nanoTime();
    while ((System.nanoTime() - start) / 1e9 < WARM_UP_SECONDS) {
      variants.values().forEach(Runnable::run);
    }

    time(rounds);
    StringBuilder line = new StringBuilder("| " + work + " |");
    nanoseconds.forEach(
        (name, taken) -> {
          line.append(" %s %.2f".formatted(name, median(taken) / elements));
          for (String base : bases) {
            if (!base.equals(name)) {
              line.append(" (%.2f of %s)".formatted(ratio(taken, nanoseconds.get(base)), base));
            }
          }

          line.append(" |");
        });
    System.out.println(line);
  }

  private void time(int rounds) {
    variants.keySet().forEach(name -> nanoseconds.put(name, new double[rounds]));
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Runnable> variant : variants.entrySet()) {
        long start = System.nanoTime();
        variant.getValue().run();
        nanoseconds.get(variant.getKey())[round] = (double) (System.nanoTime() - start);
      }
    }
  }

  private static double ratio(double[] taken, double[] base) {
    double[] ratios = new double[taken.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = taken[i] / base[i];
    }

    return median(ratios);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
