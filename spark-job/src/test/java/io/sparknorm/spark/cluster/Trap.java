package io.sparknorm.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One trap for one job, in the {@link TrapFileSystem} of every process of the job. */
final class Trap {
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(10);

  private final Path home;
  private final Map<String, String> settings = new LinkedHashMap<>();

  /** Holds up whoever is first to do this to such a path. */
  static Trap holdingUp(Path home, String operation, String path) throws IOException {
    return new Trap(home, operation, path, "wait", 1);
  }

  /** Fails the first so many who do this to such a path. */
  static Trap failing(Path home, String operation, String path, int times) throws IOException {
    return new Trap(home, operation, path, "fail", times);
  }

  private Trap(Path home, String operation, String path, String action, int times)
      throws IOException {
    this.home = Files.createDirectories(home.resolve("marks"));
    Path classes = home.resolve("trap-classes");
    String folder = Trap.class.getPackageName().replace('.', '/');
    Files.createDirectories(classes.resolve(folder));
    for (Class<?> type : new Class<?>[] {TrapFileSystem.class, TrapFs.class}) {
      String name = type.getSimpleName() + ".class";
      try (var in = type.getResourceAsStream(name)) {
        Files.copy(in, classes.resolve(folder).resolve(name));
      }
    }

    settings.put("spark.driver.extraClassPath", classes.toString());
    settings.put("spark.executor.extraClassPath", classes.toString());
    settings.put("spark.hadoop.fs.trap.impl", TrapFileSystem.class.getName());
    settings.put("spark.hadoop.fs.AbstractFileSystem.trap.impl", TrapFs.class.getName());
    settings.put("spark.hadoop." + TrapFileSystem.OPERATION, operation);
    settings.put("spark.hadoop." + TrapFileSystem.PATH, path);
    settings.put("spark.hadoop." + TrapFileSystem.ACTION, action);
    settings.put("spark.hadoop." + TrapFileSystem.TIMES, String.valueOf(times));
    settings.put("spark.hadoop." + TrapFileSystem.MARKS, this.home.toString());
  }

  /** What a submission needs to walk into the trap. */
  Map<String, String> settings() {
    return settings;
  }

  /** Waits until somebody is caught, and gives the process. */
  ProcessHandle caught() throws IOException {
    Path mark = home.resolve("caught-1");
    long end = System.nanoTime() + PATIENCE;
    while (!Files.exists(mark) || Files.size(mark) == 0) {
      assertThat(System.nanoTime()).as("somebody is caught in time").isLessThan(end);
      Jvm.pause();
    }

    return ProcessHandle.of(Long.parseLong(Files.readString(mark))).orElseThrow();
  }

  /** How many were caught. */
  long catches() throws IOException {
    try (var marks = Files.list(home)) {
      return marks.filter(mark -> mark.getFileName().toString().startsWith("caught-")).count();
    }
  }

  /** Lets whoever is held up go on. */
  void open() throws IOException {
    Files.createFile(home.resolve(TrapFileSystem.OPEN));
  }
}
