package io.sparknorm.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.PathFilter;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was set aside comes back whole or not at all, wherever its removal is cut off. */
class TestReplacement {
  @TempDir Path folder;

  private FailingFileSystem fileSystem;
  private HiddenFolders folders;
  private Replacement replacement;

  /**
   * Has a rival act before it looks or lists, and another once it has, and may be killed while it
   * removes a folder.
   */
  private static final class FailingFileSystem extends RawLocalFileSystem {
    private boolean isKilled = true;
    private Runnable rival = () -> {};
    private Runnable filler = () -> {};

    @Override
    public boolean exists(org.apache.hadoop.fs.Path path) throws IOException {
      rival.run();
      return super.exists(path);
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path, PathFilter filter)
        throws IOException {
      rival.run();
      return super.listStatus(path, filter);
    }

    @Override
    public boolean delete(org.apache.hadoop.fs.Path path, boolean recursive) throws IOException {
      if (!isKilled || !recursive) {
        return super.delete(path, recursive);
      }

      super.delete(listStatus(path)[0].getPath(), true);
      throw new Error("killed");
    }

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] entries = super.listStatus(path);
      filler.run();
      return entries;
    }

    /** For what Hadoop itself looks at. */
    @Override
    public File pathToFile(org.apache.hadoop.fs.Path path) {
      return new File(super.pathToFile(path).getPath()) {
        @Override
        public File[] listFiles() {
          File[] files = super.listFiles();
          filler.run();
          return files;
        }
      };
    }
  }

  @BeforeEach
  void open() throws IOException {
    fileSystem = new FailingFileSystem();
    fileSystem.initialize(URI.create("file:///"), new Configuration());
    org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path(uri("out"));
    folders = new HiddenFolders(fileSystem, target);
    replacement = new Replacement(fileSystem, folders, target, "0123abcd");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/_day=1", "/day=1/even=true"})
  void obsoleteOneThatWasRemovedInPartIsNotPutBack(String place) throws IOException {
    String kind = place.isEmpty() ? "replaced" : "partitions";
    fill("_out.sparknorm-%s-1764086400000-ffffffff%s".formatted(kind, place));
    fill("out" + place);

    assertThatThrownBy(replacement::settle).hasMessage("killed");
    FileUtil.fullyDelete(folder.resolve("out").toFile());
    fileSystem.isKilled = false;
    replacement.settle();

    assertThat(entries()).isEmpty();
  }

  @Test
  void oneThatIsRemovedForARivalIsNotPutBackInPart() throws IOException {
    fill("out");
    fill("new");
    fileSystem.rival =
        () -> {
          if (!Files.exists(folder.resolve("out"))) {
            fill("out");
          }
        };

    assertThatThrownBy(() -> replacement.replaceAll(new org.apache.hadoop.fs.Path(uri("new"))))
        .hasMessage("killed");
    fileSystem.rival = () -> {};
    FileUtil.fullyDelete(folder.resolve("out").toFile());
    fileSystem.isKilled = false;
    replacement.settle();

    assertThat(entries()).containsExactly("new");
  }

  /** Somebody else settles the same before the first, or the second, .. operation. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9})
  void settlingIsDoneOnceWhoeverElseSettles(int operation) throws IOException {
    fill("_out.sparknorm-partitions-1764086400000-ffffffff/day=1");
    fill("_out.sparknorm-partitions-1764086400000-ffffffff/day=2/even=true");
    fill("out/day=1");
    Files.createDirectory(folder.resolve("out/day=2"));
    fileSystem.isKilled = false;
    AtomicInteger operations = new AtomicInteger();
    fileSystem.rival =
        () -> {
          if (operations.incrementAndGet() == operation) {
            settle();
          }
        };

    replacement.settle();

    assertThat(operations).hasValueGreaterThan(operation);
    assertThat(entries()).containsExactly("out");
    assertThat(folder.resolve("out/day=2/even=true")).isDirectoryContaining("glob:**part-?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"out", "out/day=1"})
  void partitionsDoNotComeBackOnceSomebodyHasRemovedWhatTheyWereIn(String removed)
      throws IOException {
    fill("_out.sparknorm-partitions-1764086400000-ffffffff/day=1/even=true");
    fill("out/day=1/even=false");
    fill("out/day=2/even=true");
    FileUtil.fullyDelete(folder.resolve(removed).toFile());
    fileSystem.isKilled = false;

    replacement.settle();
    fill("out/day=1/even=false");
    replacement.settle();

    assertThat(entries()).containsExactly("out");
    assertThat(folder.resolve("out/day=1/even=true")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"city=Köln", "city=東 京"})
  void partitionsComeBackWhateverTheyAreCalled(String place) throws IOException {
    fill("_out.sparknorm-partitions-1764086400000-ffffffff/" + place);
    Files.createDirectory(folder.resolve("out"));
    fileSystem.isKilled = false;

    replacement.settle();

    assertThat(entries()).containsExactly("out");
    assertThat(folder.resolve("out/" + place)).isDirectoryContaining("glob:**part-?");
  }

  @Test
  void partitionsThatAreReplacedDoNotComeBackOnceTheyAreDeleted() throws IOException {
    fill("out/day=1");
    fill("out/day=2");
    fill("new/day=1");
    fill("new/day=2");
    for (String day : List.of("day=1", "day=2")) {
      replacement.replace(new org.apache.hadoop.fs.Path(uri("new/" + day)), day);
    }

    assertThatThrownBy(replacement::removeAside).hasMessage("killed");
    FileUtil.fullyDelete(folder.resolve("out/day=1").toFile());
    fileSystem.isKilled = false;
    replacement.settle();

    assertThat(entries()).containsExactly("new", "out");
    assertThat(folder.resolve("out")).isDirectoryNotContaining("glob:**day=1");
  }

  @Test
  void targetThatIsAwayIsNotMadeForAPartition() throws IOException {
    fill("new/day=1/even=true");

    assertThatThrownBy(
            () ->
                replacement.replace(
                    new org.apache.hadoop.fs.Path(uri("new/day=1/even=true")), "day=1/even=true"))
        .isInstanceOf(FileNotFoundException.class);
    assertThat(entries()).containsExactly("new");
  }

  /** A rival fills it after the first, or the second, look at what is in it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void emptyFolderThatARivalFillsIsNotRemoved(int look) throws IOException {
    Files.createDirectory(folder.resolve("out"));
    AtomicInteger looks = new AtomicInteger();
    fileSystem.filler =
        () -> {
          if (looks.incrementAndGet() == look) {
            fill("out");
          }
        };
    fileSystem.isKilled = false;

    folders.removeIfEmpty(new org.apache.hadoop.fs.Path(uri("out")));

    boolean isFilled = looks.get() >= look;
    assertThat(entries()).isEqualTo(isFilled ? List.of("out") : List.of());
    assertThat(folder.resolve("out/part-0").toFile().exists()).isEqualTo(isFilled);
  }

  private void settle() {
    try {
      replacement.settle();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String uri(String name) {
    return folder.resolve(name).toUri().toString().replaceFirst("/$", "");
  }

  private void fill(String name) {
    try {
      Files.createDirectories(folder.resolve(name));
      Files.createFile(folder.resolve(name).resolve("part-0"));
      Files.createFile(folder.resolve(name).resolve("part-1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }
}
