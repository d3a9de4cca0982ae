package io.sparknorm.kernels;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/**
 * PyTorch's norm for a work of {@link NormBenchmark}, in another process, which waits while others
 * have their turn. The environment variable TORCH_PYTHON names the Python that has PyTorch.
 */
record TorchNorm(BufferedWriter turns, BufferedReader answers) implements Runnable {
  private static final String PYTHON = System.getenv("TORCH_PYTHON");
  private static final String SCRIPT = "src/jmh/python/torch_norms.py";

  private static final Set<String> WORKS =
      Set.of(
          "LAYER_512",
          "LAYER_4096",
          "INSTANCE_NCHW",
          "GROUP_NCHW",
          "BATCH_NCHW",
          "INSTANCE_NHWC",
          "GROUP_NHWC",
          "BATCH_NHWC");

  static boolean has(String work) {
    return PYTHON != null && WORKS.contains(work);
  }

  static TorchNorm start(String work) throws IOException {
    Process process =
        new ProcessBuilder(PYTHON, SCRIPT, work)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    TorchNorm norm = new TorchNorm(process.outputWriter(), process.inputReader());
    norm.await("ready");
    return norm;
  }

  /** Normalises all records once. */
  @Override
  public void run() {
    try {
      turns.write("\n");
      turns.flush();
      await("done");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void await(String expected) throws IOException {
    String answer = answers.readLine();
    if (!expected.equals(answer)) {
      throw new IllegalStateException(
          "Cannot measure PyTorch: it answered %s (expected %s)".formatted(answer, expected));
    }
  }
}
