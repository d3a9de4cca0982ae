package io.sparknorm.kernels.moments;

import io.sparknorm.kernels.VectorInstructions;

/** Chooses the loops once, when they are first needed. */
final class TileLoopsProvider {
  static final TileLoops BEST =
      VectorInstructions.areAvailable() && VectorTileLoops.isFast()
          ? new VectorTileLoops()
          : ScalarTileLoops.INSTANCE;

  private TileLoopsProvider() {}
}
