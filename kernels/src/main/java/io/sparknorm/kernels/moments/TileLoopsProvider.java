package io.sparknorm.kernels.moments;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Chooses the loops once, when they are first needed. */
final class TileLoopsProvider {
  static final TileLoops BEST = choose();

  private TileLoopsProvider() {}

  private static TileLoops choose() {
    Logger logger = System.getLogger(TileLoopsProvider.class.getPackageName());
    try {
      if (VectorTileLoops.isFast()) {
        logger.log(Level.DEBUG, "Exact moments use the Vector API");
        return new VectorTileLoops();
      }

      logger.log(Level.INFO, "Exact moments use scalar code: this processor's vectors are short");
    } catch (LinkageError e) {
      logger.log(
          Level.INFO,
          "Exact moments use scalar code: the Vector API is missing"
              + " (add --add-modules jdk.incubator.vector): {0}",
          e.toString());
    }

    return ScalarTileLoops.INSTANCE;
  }
}
