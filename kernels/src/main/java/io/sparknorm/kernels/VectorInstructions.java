package io.sparknorm.kernels;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Whether loops can compute with vectors: found out, and logged, once for all of them. */
public final class VectorInstructions {
  private static final String MODULE = "jdk.incubator.vector";

  private VectorInstructions() {}

  /** Whether the module is there, is Java 17's, and has vectors of doubles on this machine. */
  public static boolean areAvailable() {
    return Holder.AVAILABLE;
  }

  static boolean hasModule() {
    return ModuleLayer.boot().findModule(MODULE).isPresent();
  }

  static boolean look(boolean hasModule, Logger logger) {
    if (!hasModule) {
      logger.log(
          Level.INFO,
          "Kernels run without vector instructions: module {0} is missing"
              + " (add --add-modules {0} to the options of every Java virtual machine)",
          MODULE);
      return false;
    }

    try {
      logger.log(Level.INFO, "Kernels run with vectors of {0} bits", Lanes.bits());
      return true;
    } catch (LinkageError e) {
      logger.log(Level.INFO, "Kernels run without vector instructions: " + e, e);
      return false;
    }
  }

  private static final class Holder {
    static final boolean AVAILABLE =
        look(hasModule(), System.getLogger(VectorInstructions.class.getPackageName()));
  }
}
