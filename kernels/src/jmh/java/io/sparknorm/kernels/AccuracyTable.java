package io.sparknorm.kernels;

import java.util.Locale;

/** Prints the worst distance from exact results, for each norm, over all hard inputs. */
public final class AccuracyTable {
  private AccuracyTable() {}

  public static void main(String[] arguments) {
    System.out.println("| norm | input | scalar, ulps | vector, ulps |");
    System.out.println("|---|---|---|---|");
    for (Accuracy.Subject subject : Accuracy.Subject.values()) {
      for (Accuracy.Input input : Accuracy.Input.values()) {
        System.out.printf(
            "| %s | %s | %.3f | %.3f |%n",
            subject.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            input.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            subject.worstUlps(LoopsProvider.SCALAR, input),
            subject.worstUlps(LoopsProvider.vector(), input));
      }
    }
  }
}
