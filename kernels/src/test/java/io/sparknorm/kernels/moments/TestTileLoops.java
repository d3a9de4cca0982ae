package io.sparknorm.kernels.moments;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TestTileLoops {
  @Test
  void implementationsGiveTheSameBits() {
    SplittableRandom random = new SplittableRandom(5);
    float[] floats = new float[70 * TileLoops.TILE];
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = i % 7 == 0 ? 0 : random.nextDouble(-2, 2);
      floats[i] = (float) doubles[i];
    }

    assertThat(add(TileLoops.best(), floats)).isEqualTo(add(ScalarTileLoops.INSTANCE, floats));
    assertThat(add(TileLoops.best(), doubles)).isEqualTo(add(ScalarTileLoops.INSTANCE, doubles));
  }

  private static String add(TileLoops loops, float[] x) {
    double[][] parts = parts(3);
    double[][] sums = new double[3][TileLoops.TILE];
    int[] least = new int[TileLoops.TILE];
    Arrays.fill(least, FloatFront.MAGNITUDE);
    loops.add(x, 5, TileLoops.TILE, 60, parts, sums, least);
    return Arrays.deepToString(sums) + Arrays.toString(least);
  }

  private static String add(TileLoops loops, double[] x) {
    double[][] parts = parts(6);
    double[][] sums = new double[6][TileLoops.TILE];
    long[] least = new long[TileLoops.TILE];
    Arrays.fill(least, DoubleFront.MAGNITUDE);
    loops.add(x, 5, TileLoops.TILE, 60, parts, sums, least);
    return Arrays.deepToString(sums) + Arrays.toString(least);
  }

  private static double[][] parts(int count) {
    double[][] parts = new double[count][TileLoops.TILE];
    for (int p = 0; p < count; p += 2) {
      Arrays.fill(parts[p], Math.scalb(1.5, 20 - 10 * p));
    }

    return parts;
  }

  @Test
  void scalarLoopsServeWhereTheVectorModuleIsMissing() throws Exception {
    URL classes = TileLoops.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader loader = new WithoutVectors(classes)) {
      Class<?> provider = Class.forName(TileLoopsProvider.class.getName(), true, loader);
      Field best = provider.getDeclaredField("BEST");
      best.setAccessible(true);

      assertThat(best.get(null)).hasToString("INSTANCE");
    }
  }

  /** Loads the product's classes once more, in a world without the vector module. */
  private static final class WithoutVectors extends URLClassLoader {
    WithoutVectors(URL classes) {
      super(new URL[] {classes}, ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("jdk.incubator.")) {
        throw new ClassNotFoundException(name);
      }

      return super.loadClass(name, resolve);
    }
  }
}
