package io.sparknorm.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.JobException;
import io.sparknorm.spark.LeavingStatus;
import io.sparknorm.spark.config.IfExists;
import io.sparknorm.spark.config.OutputSpec;
import io.sparknorm.spark.config.ParquetCode;
import io.sparknorm.spark.config.Verify;
import io.sparknorm.spark.output.Output.Publisher;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.PathFilter;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A run publishes, and the next one starts, whenever a run that was put out wakes: that one was
 * about to replace the output, sets it aside, has nothing to move in, and puts it back unless
 * something has taken its place, or is killed before it does.
 */
class TestPathOutput {
  private static final int NEVER = Integer.MAX_VALUE;
  private static final String MARKER = "out/_sparknorm.json";
  private static final String CLOSED = "closed";

  @TempDir Path folder;

  /** Another run acts before two of the looks at what is there. */
  private static final class WakingFileSystem extends RawLocalFileSystem {
    private static final Configuration HADOOP = new Configuration();

    private final Path out;
    private final Path aside;
    private final int first;
    private final int second;
    private int looks;

    WakingFileSystem(Path out, int first, int second) throws IOException {
      this.out = out;
      this.aside = out.resolveSibling("_out.sparknorm-replaced-1764086400000-ffffffff");
      this.first = first;
      this.second = second;
      initialize(URI.create("file:///"), HADOOP);
    }

    /** Those of the run that has put the other one out, and of the next. */
    private void look() throws IOException {
      if (looks > 0 || Files.exists(out.resolveSibling("_out.sparknorm-publishing"))) {
        checkIsNotMixed();
        act(looks++);
      }
    }

    /** A run that was killed here would count as published when it, or the old one, is started. */
    private void checkIsNotMixed() {
      Path marker = out.resolve(RunMarker.NAME);
      if (Files.exists(out.resolve("id=1/new")) && Files.exists(marker)) {
        assertThat(marker).content().contains("new");
      }
    }

    private void act(int look) throws IOException {
      if (look == first && Files.exists(out)) {
        Files.move(out, aside);
      } else if (look == second && Files.exists(aside) && !Files.exists(out)) {
        Files.move(aside, out);
      } else if (look == second) {
        FileUtil.fullyDelete(aside.toFile());
      }
    }

    @Override
    public boolean exists(org.apache.hadoop.fs.Path path) throws IOException {
      look();
      return super.exists(path);
    }

    /** The first by name first; Hadoop looks for itself whether it is there, and then reads. */
    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path, PathFilter filter)
        throws IOException {
      boolean wasThere = super.exists(path);
      look();
      if (path.getName().equals(CLOSED)) {
        throw new AccessDeniedException(path.toString(), null, "Permission denied");
      }

      if (wasThere && !super.exists(path)) {
        throw looks % 2 == 0
            ? new AccessDeniedException(path.toString(), null, "Permission denied")
            : new IOException("Invalid directory or I/O error occurred for dir: " + path);
      }

      FileStatus[] entries = super.listStatus(path, filter);
      Arrays.sort(entries);
      return entries;
    }

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path path, int bufferSize)
        throws IOException {
      look();
      return super.open(path, bufferSize);
    }

    /** Leaves alone what costs a process each time. */
    @Override
    public void setPermission(org.apache.hadoop.fs.Path path, FsPermission permission) {}
  }

  @Test
  void partitionIsReplacedAndTheOtherStays() throws IOException {
    assertThat(outcomes(IfExists.REPLACE_PARTITIONS, MARKER))
        .containsOnlyKeys(
            "DONE [id=1/new, id=3/old] of new",
            "TRY_AGAIN [id=1/new, id=3/old] of nobody",
            "TRY_AGAIN [id=1/old, id=3/old] of nobody");
  }

  @Test
  void partitionThatAKilledRunHasSetAsideComesBack() throws IOException {
    String aside = "_out.sparknorm-partitions-1764086400000-eeeeeeee/id=2/old";
    assertThat(outcomes(IfExists.REPLACE_PARTITIONS, aside))
        .containsOnlyKeys(
            "DONE [id=1/new, id=2/old, id=3/old] of new",
            "TRY_AGAIN [id=1/new, id=2/old, id=3/old] of nobody",
            "TRY_AGAIN [id=1/old, id=2/old, id=3/old] of nobody");
  }

  @ParameterizedTest
  @ValueSource(strings = {MARKER, "out/id=2/old", "out/10:00.csv", "out/" + CLOSED + "/old"})
  void outputIsReplacedWhole(String more) throws IOException {
    assertThat(outcomes(IfExists.REPLACE, more)).containsOnlyKeys("DONE [id=1/new] of new");
  }

  @Test
  void outputThatIsNotToBeReplacedStays() throws IOException {
    assertThat(outcomes(IfExists.FAIL, MARKER))
        .containsOnlyKeys("CONFLICT [id=1/old, id=3/old] of old");
  }

  /**
   * How a run ends and what there is then, and before which looks the other acts.
   *
   * @param more a file that is there besides the output's
   */
  private Map<String, String> outcomes(IfExists ifExists, String more) throws IOException {
    Map<String, String> outcomes = new TreeMap<>();
    int looks = 1;
    for (int first = 0; first < looks; first++) {
      for (int second = first + 1; second <= looks; second++) {
        String acts = first + "-" + second;
        Path out = folder.resolve(acts).resolve("out");
        make(out.resolve("id=1/old"));
        make(out.resolve("id=3/old"));
        make(out.resolveSibling(more));
        WakingFileSystem files = new WakingFileSystem(out, first, second);
        outcomes.putIfAbsent(outcome(files, ifExists), acts);
        looks = Math.max(looks, files.looks);
      }
    }

    return outcomes;
  }

  private static String outcome(WakingFileSystem files, IfExists ifExists) throws IOException {
    make(files.out.resolveSibling("_out.sparknorm-staged-c-new/c-new/id=1/new"));
    RunMarker.write(
        files, path(files.out.resolveSibling("_out.sparknorm-staged-c-new/c-new")), "new");
    LeavingStatus status = publish(output(files, files.out, ifExists, "new"));
    output(files, files.out, ifExists, "next").existing();

    WakingFileSystem undisturbed = new WakingFileSystem(files.out, NEVER, NEVER);
    output(undisturbed, files.out, ifExists, "last").existing();
    return "%s %s of %s"
        .formatted(
            status,
            partitions(files.out),
            RunMarker.read(undisturbed, path(files.out)).orElse("nobody"));
  }

  private static LeavingStatus publish(PathOutput output) {
    try {
      output.publish();
      return LeavingStatus.DONE;
    } catch (JobException e) {
      output.discard();
      return e.status();
    }
  }

  private static PathOutput output(
      WakingFileSystem files, Path out, IfExists ifExists, String identity) throws IOException {
    OutputSpec spec =
        new OutputSpec(
            Optional.of("parquet"),
            Optional.of(out.toString()),
            Optional.empty(),
            ifExists,
            List.of("id"),
            Verify.RECORDS,
            ParquetCode.BULK,
            Map.of());
    Publisher publisher = new Publisher(identity, "c", identity);
    return new PathOutput(new FileFormat(null, spec), publisher, files, path(out));
  }

  private static org.apache.hadoop.fs.Path path(Path path) {
    return new org.apache.hadoop.fs.Path("file:" + path);
  }

  /** With a file that says, where it is read, that a run was the old one. */
  private static void make(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"run_identity\":\"old\"}");
  }

  private static List<String> partitions(Path out) throws IOException {
    try (Stream<Path> files = Files.walk(out)) {
      return files
          .map(file -> out.relativize(file).toString())
          .filter(file -> file.matches("id=.*/.*"))
          .sorted()
          .toList();
    }
  }
}
