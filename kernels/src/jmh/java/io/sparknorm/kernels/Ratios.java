package io.sparknorm.kernels;

import io.sparknorm.kernels.moments.MomentsBenchmark;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The variants of the benchmarks in turn, round after round, and the median of each round's ratios:
 * on a machine that others use too, where the times of two JMH runs have little to do with each
 * other. Every work is measured in Java virtual machines of its own, one after the other, for some
 * compile their loops less well than others; the figures are the medians of theirs.
 *
 * <p>Arguments: the number of virtual machines and of rounds, and the works of {@link
 * NormBenchmark}, or the values of {@link MomentsBenchmark} with a number of channels and one of
 * values in an array, as in {@code 3 11 LAYER_512 NORMAL:256:65536}. {@link TorchNorm} has its turn
 * too where there is PyTorch.
 */
public final class Ratios {
  private static final double WARM_UP_SECONDS = 4;
  private static final int ELEMENTS = 1 << 24;

  private final Map<String, Runnable> variants = new LinkedHashMap<>();
  private final Map<String, double[]> nanoseconds = new LinkedHashMap<>();

  private Ratios() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    int forks = Integer.parseInt(arguments[0]);
    String rounds = arguments[1];
    for (String work : Arrays.asList(arguments).subList(2, arguments.length)) {
      if (forks == 0) {
        of(work).print(Integer.parseInt(rounds), bases(work));
      } else {
        System.out.println("| " + work + " | " + forked(forks, rounds, work));
      }
    }
  }

  private static String forked(int forks, String rounds, String work)
      throws IOException, InterruptedException {
    Map<String, List<double[]>> figures = new LinkedHashMap<>();
    for (int fork = 0; fork < forks; fork++) {
      for (String line : fork(rounds, work)) {
        String[] words = line.split(" ");
        double[] numbers = Arrays.stream(words).skip(1).mapToDouble(Double::parseDouble).toArray();
        figures.computeIfAbsent(words[0], any -> new ArrayList<>()).add(numbers);
      }
    }

    StringBuilder row = new StringBuilder();
    figures.forEach((variant, all) -> row.append(cell(variant, all, bases(work))));
    return row.toString();
  }

  private static String cell(String variant, List<double[]> all, String[] bases) {
    StringBuilder cell = new StringBuilder("%s %.2f ns".formatted(variant, median(all, 0)));
    for (int b = 0; b < bases.length; b++) {
      if (!bases[b].equals(variant)) {
        cell.append(", %.2f of %s".formatted(median(all, b + 1), bases[b]));
      }
    }

    return cell.append(" | ").toString();
  }

  private static double median(List<double[]> all, int at) {
    return median(all.stream().mapToDouble(numbers -> numbers[at]).toArray());
  }

  /** The lines that this program prints in a virtual machine of its own. */
  private static List<String> fork(String rounds, String work)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Ratios.class.getName(), "0", rounds, work));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IllegalStateException("Cannot measure %s: see above".formatted(work));
    }

    return output.lines().toList();
  }

  private static String[] bases(String work) {
    return work.contains(":")
        ? new String[] {"plainFloats", "plainFloatsVector", "plainDoubles"}
        : TorchNorm.has(work) ? new String[] {"copy", "torch"} : new String[] {"copy"};
  }

  private static Ratios of(String work) throws IOException {
    String[] parts = work.split(":", 3);
    return parts.length == 1
        ? ofNorm(work)
        : ofMoments(
            parts[0],
            Integer.parseInt(parts[1]),
            parts.length < 3 ? 1 : Integer.parseInt(parts[2]));
  }

  private static Ratios ofNorm(String work) throws IOException {
    NormBenchmark benchmark = new NormBenchmark();
    benchmark.work = NormBenchmark.Work.valueOf(work);
    benchmark.elements = ELEMENTS;
    benchmark.prepare();
    Ratios ratios = new Ratios();
    ratios.variants.put("copy", benchmark::copy);
    ratios.variants.put("vector", benchmark::vector);
    if (TorchNorm.has(work)) {
      ratios.variants.put("torch", TorchNorm.start(work));
    }

    return ratios;
  }

  private static Ratios ofMoments(String values, int channels, int together) {
    MomentsBenchmark benchmark = new MomentsBenchmark();
    benchmark.values = MomentsBenchmark.Values.valueOf(values);
    benchmark.channels = channels;
    benchmark.together = together;
    benchmark.elements = ELEMENTS;
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

  private void print(int rounds, String[] bases) {
    long start = System.nanoTime();
    while ((System.nanoTime() - start) / 1e9 < WARM_UP_SECONDS) {
      variants.values().forEach(Runnable::run);
    }

    time(rounds);
    nanoseconds.forEach(
        (name, taken) -> {
          StringBuilder line = new StringBuilder(name + " " + median(taken) / ELEMENTS);
          for (String base : bases) {
            line.append(' ').append(ratio(taken, nanoseconds.get(base)));
          }

          System.out.println(line);
        });
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
