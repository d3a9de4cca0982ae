package io.sparknorm.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * Calls of loops that the compiler never takes into the method that calls them. Once a method has
 * grown to 40,000 nodes ({@code LiveNodeCountInliningCutoff}), HotSpot leaves what is still to be
 * taken in as calls; where those are of the Vector API, every vector becomes an object, and loops
 * take ten to twenty times as long for as long as the process runs. The loops that Spark generates
 * do grow so large, or do not, as the order of compilations has it.
 *
 * <p>The same happens to conversions of vectors that are more than 15 calls deep ({@code
 * MaxInlineLevel}), four to six of which are the Vector API's own: hence a call apart at the start
 * of a record, and another where its channels are mapped.
 *
 * <p>The loops that add to exact moments need no handle: HotSpot takes in no method of more than
 * 325 bytecodes ({@code FreqInlineSize}), and they have more. Those that look at a tile once it is
 * added have fewer.
 *
 * <p>The handles are no constants, and so not taken in: that is why no field is final.
 */
final class Apart {
  private static MethodHandle normalise =
      find(Normalizer.class, "normalise", Tensor.class, TensorView.class);
  private static MethodHandle mapChannels =
      find(
          Tensor.class,
          "mapChannels",
          int.class,
          TensorView.class,
          ChannelMap.class,
          Activation.class);
  private static MethodHandle moments =
      find(SliceMoments.class, "of", Loops.class, Object.class, int.class, TensorView.class);
  private static MethodHandle anyNonFinite = find(Loops.class, "anyNonFinite", Object.class);
  private static MethodHandle extremes = find(Loops.class, "extremes", byte[].class, int.class);

  private Apart() {}

  private static MethodHandle find(Class<?> type, String name, Class<?>... parameters) {
    try {
      return MethodHandles.lookup().unreflect(type.getDeclaredMethod(name, parameters));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  static void normalise(Normalizer normalizer, Tensor<?> tensor, TensorView view) {
    try {
      normalise.invokeExact(normalizer, (Tensor) tensor, view);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  static void map(
      Tensor<?> tensor, int from, TensorView view, ChannelMap map, Activation activation) {
    try {
      mapChannels.invokeExact((Tensor) tensor, from, view, map, activation);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** The moments of every slice of an array: the channels of the view. */
  static <A> SliceMoments moments(Loops<A> loops, A x, TensorView slices) {
    try {
      return (SliceMoments) moments.invokeExact((Loops) loops, (Object) x, 0, slices);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  static <A> boolean anyNonFinite(Loops<A> loops, A x) {
    try {
      return (boolean) anyNonFinite.invokeExact((Loops) loops, (Object) x);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  static Extremes extremes(Loops<?> loops, byte[] bytes, int length) {
    try {
      return (Extremes) extremes.invokeExact((Loops) loops, bytes, length);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }

    return (RuntimeException) thrown; // loops declare no exceptions
  }
}
