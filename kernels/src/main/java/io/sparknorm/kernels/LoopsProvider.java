package io.sparknorm.kernels;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** An implementation of the loops for each element type. */
record LoopsProvider(Loops<float[]> floats, Loops<double[]> doubles) {
  static final LoopsProvider SCALAR = new LoopsProvider(new ScalarFloats(), new ScalarDoubles());

  private static final String MODULE = "jdk.incubator.vector";

  /** The fastest implementation that this Java virtual machine runs; chosen, and logged, once. */
  static LoopsProvider best() {
    return Holder.BEST;
  }

  /**
   * The loops with vectors.
   *
   * @throws LinkageError if the module is missing, differs from Java 17's, or has no vectors of
   *     doubles on this machine
   */
  static LoopsProvider vector() {
    return new LoopsProvider(new VectorFloats(), new VectorDoubles());
  }

  static boolean hasVectorModule() {
    return ModuleLayer.boot().findModule(MODULE).isPresent();
  }

  private static LoopsProvider choose(Logger logger) {
    if (!hasVectorModule()) {
      logger.log(
          Level.INFO,
          "Kernels run without vector instructions: module {0} is missing"
              + " (add --add-modules {0} to the options of every Java virtual machine)",
          MODULE);
      return SCALAR;
    }

    try {
      LoopsProvider vector = vector();
      logger.log(Level.INFO, "Kernels run with vectors of {0} bits", Lanes.bits());
      return vector;
    } catch (LinkageError e) {
      logger.log(Level.INFO, "Kernels run without vector instructions: " + e, e);
      return SCALAR;
    }
  }

  private static final class Holder {
    static final LoopsProvider BEST = choose(System.getLogger(LoopsProvider.class.getName()));
  }
}
