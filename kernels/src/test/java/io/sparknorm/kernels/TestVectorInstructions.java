package io.sparknorm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.moments.Moments;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is said of the choice of loops, in Java virtual machines of its own. */
class TestVectorInstructions {
  private static final String MODULE = "jdk.incubator.vector";

  /** Takes a record through a norm and through moments, each a few times. */
  static final class Records {
    private Records() {}

    public static void main(String[] arguments) {
      TensorShape shape = new TensorShape(List.of(4, 2), Layout.CHANNELS_FIRST);
      for (int i = 0; i < 3; i++) {
        float[] x = {1, 2, 3, 4, 5, 6, 7, 8};
        GroupNorm.of(2).normalizer(shape).apply(x, x);
        double[] wide = {1, 2, 3, 4, 5, 6, 7, 8};
        GroupNorm.of(2).normalizer(shape).apply(wide, wide);
        Moments moments = new Moments(4).add(x, shape.view(8)).add(wide, shape.view(8));
        System.out.println(moments.count(3) + (NonFinite.any(x) ? " not finite" : " finite"));
      }
    }
  }

  @Test
  void missingModuleIsSaidOnceWithTheFlagToAdd() throws Exception {
    String said = run(List.of());

    assertThat(said)
        .containsOnlyOnce("Kernels run")
        .contains(
            "Kernels run without vector instructions: module jdk.incubator.vector is missing (add"
                + " --add-modules jdk.incubator.vector to the options of every Java virtual"
                + " machine)")
        .contains("4 finite");
  }

  @Test
  void vectorsAreSaidOnceWithTheirLength() throws Exception {
    String said = run(List.of("--add-modules", MODULE));

    assertThat(said).containsOnlyOnce("Kernels run").contains("4 finite");
    assertThat(said).containsPattern("Kernels run with vectors of [0-9]+ bits");
  }

  /** The compiler may leave its conversion out, and then every vector is an object. */
  @Test
  void noLoopConvertsByCastShape() throws Exception {
    Path classes = Path.of(classPath().get(1));
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        String constants = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(constants.contains("castShape")).as("castShape in %s", file).isFalse();
      }
    }
  }

  private static String run(List<String> options) throws IOException, InterruptedException {
    String classPath = String.join(System.getProperty("path.separator"), classPath());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-classpath", classPath, Records.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  private static List<String> classPath() {
    return Stream.of(Records.class, Moments.class)
        .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
        .map(location -> Path.of(URI.create(location.toString())).toString())
        .toList();
  }
}
