package io.sparknorm.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestExclusiveFile {
  /** From {@code printf hello | sha256sum}. */
  private static final FileDigest HELLO =
      new FileDigest(5, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");

  @TempDir java.nio.file.Path folder;

  private final Configuration hadoop = ConditionalStore.configuration();

  @BeforeEach
  void mountFolderInViewFileSystem() {
    hadoop.setBoolean("fs.viewfs.impl.disable.cache", true);
    hadoop.set("fs.viewfs.mounttable.default.link./store", folder.toUri().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs", "s3a"})
  void createsTheWholeContentInNewFolders(String scheme) throws IOException {
    Path target = path(scheme, "a/b/manifest.json");

    assertThat(create(target, "hello")).contains(HELLO);

    assertThat(read(target)).isEqualTo("hello");
    assertThat(entries("a/b")).containsExactly("manifest.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs", "s3a"})
  void leavesTheFirstContentAlone(String scheme) throws IOException {
    Path target = path(scheme, "a/manifest.json");
    create(target, "hello");

    assertThat(create(target, "good bye")).isEmpty();

    assertThat(read(target)).isEqualTo("hello");
    assertThat(entries("a")).containsExactly("manifest.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs", "s3a"})
  void takesTheSameContentForItsOwn(String scheme) throws IOException {
    Path target = path(scheme, "a/manifest.json");
    create(target, "hello");

    assertThat(create(target, "hello")).contains(HELLO);
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs", "s3a"})
  void leavesNothingBehindWhenTheContentFails(String scheme) throws IOException {
    Path target = path(scheme, "a/manifest.json");
    Files.createDirectory(folder.resolve("a"));
    ExclusiveFile.Content failing =
        out -> {
          out.write(new byte[100_000]);
          throw new IOException("no more");
        };

    assertThatThrownBy(() -> ExclusiveFile.create(target.getFileSystem(hadoop), target, failing))
        .isInstanceOf(IOException.class)
        .hasMessage("no more");

    assertThat(entries("a")).isEmpty();
  }

  @Test
  void showsALocalFileOnlyWhenItIsWhole() throws IOException {
    Path target = path("file", "manifest.json");
    List<Object> written = new ArrayList<>();
    ExclusiveFile.Content content =
        out -> {
          out.write("hello".getBytes(UTF_8));
          for (String temporary : entries("")) {
            written.add(fileKey(temporary));
          }
        };

    ExclusiveFile.create(target.getFileSystem(hadoop), target, content);

    // The very file that was written has got a name: no copy of it ever grew under that name.
    assertThat(written).containsExactly(fileKey("manifest.json"));
  }

  @Test
  void takesACreationWhoseAnswerWasLostForItsOwn() throws IOException {
    hadoop.setBoolean(ConditionalStore.LOSE_ANSWERS, true);

    assertThat(create(path("s3a", "manifest.json"), "hello")).contains(HELLO);
  }

  @Test
  void warnsOnceOfAStoreThatCreatesNoObjectConditionally() throws IOException {
    hadoop.setBoolean(ConditionalStore.ENABLED, false);
    List<String> warnings = new ArrayList<>();
    AbstractAppender appender =
        new AbstractAppender("test", null, null, false, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            warnings.add(event.getMessage().getFormattedMessage());
          }
        };
    Logger logger = (Logger) LogManager.getLogger(ExclusiveFile.class);
    Level level = logger.getLevel();
    appender.start();
    logger.addAppender(appender); // which gives it the level of all others
    logger.setLevel(Level.WARN);
    try {
      assertThat(create(path("s3a", "one"), "hello")).contains(HELLO);
      assertThat(create(path("s3a", "one"), "good bye")).isEmpty();
      assertThat(create(path("s3a", "other"), "hello")).contains(HELLO);
    } finally {
      logger.removeAppender(appender);
      logger.setLevel(level);
    }

    assertThat(warnings)
        .singleElement()
        .asString()
        .startsWith("Cannot rule out")
        .contains("s3a://bucket", "Hadoop 3.4.2");
  }

  @Test
  void overcomesTheChecksumOfAFileThatWasDeletedPastHadoop() throws IOException {
    Path target = path("file", "manifest.json");
    try (OutputStream out = target.getFileSystem(hadoop).create(target)) {
      out.write("something else".getBytes(UTF_8));
    }

    Files.delete(folder.resolve("manifest.json"));
    assertThat(folder.resolve(".manifest.json.crc")).exists();

    create(target, "hello");

    assertThat(read(target)).isEqualTo("hello");
  }

  @Test
  void copiesExclusivelyWhereThereAreNoHardLinks() throws IOException {
    URI archive = URI.create("jar:" + folder.resolve("store.zip").toUri());
    try (java.nio.file.FileSystem noLinks =
        FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      java.nio.file.Path target = noLinks.getPath("/a/manifest.json");

      assertThat(ExclusiveFile.createByLink(target, content("hello"))).contains(HELLO);
      assertThat(ExclusiveFile.createByLink(target, content("good bye"))).isEmpty();

      assertThat(target).hasContent("hello");
      try (Stream<java.nio.file.Path> files = Files.list(target.getParent())) {
        assertThat(files).containsExactly(target);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "s3a"})
  void letsOneOfManyWritersWin(String scheme) throws Exception {
    int writers = 8;
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    try {
      for (int round = 0; round < 20; round++) {
        Path target = path(scheme, "round-" + round);
        CyclicBarrier start = new CyclicBarrier(writers);
        List<Future<Boolean>> wins = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
          String text = String.valueOf(writer).repeat(10_000);
          wins.add(
              pool.submit(
                  () -> {
                    start.await();
                    return create(target, text).isPresent();
                  }));
        }

        int winner = -1;
        for (int writer = 0; writer < writers; writer++) {
          if (wins.get(writer).get()) {
            assertThat(winner).as("the other winner of round %d", round).isEqualTo(-1);
            winner = writer;
          }
        }

        assertThat(read(target)).startsWith(String.valueOf(winner));
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private Path path(String scheme, String name) {
    return switch (scheme) {
      case "viewfs" -> new Path("viewfs:///store/" + name);
      case "s3a" -> new Path("s3a://bucket" + folder.resolve(name));
      default -> new Path(folder.resolve(name).toUri());
    };
  }

  private Optional<FileDigest> create(Path target, String text) throws IOException {
    return ExclusiveFile.create(target.getFileSystem(hadoop), target, content(text));
  }

  private static ExclusiveFile.Content content(String text) {
    return out -> out.write(text.getBytes(UTF_8));
  }

  private String read(Path file) throws IOException {
    FileSystem fileSystem = file.getFileSystem(hadoop);
    try (InputStream in = fileSystem.open(file)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private Object fileKey(String name) throws IOException {
    return Files.readAttributes(folder.resolve(name), BasicFileAttributes.class).fileKey();
  }

  /**
   * Names in a folder, without the checksums that Hadoop keeps of what it writes to a local disk.
   */
  private List<String> entries(String name) throws IOException {
    try (Stream<java.nio.file.Path> files = Files.list(folder.resolve(name))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> !file.endsWith(".crc"))
          .toList();
    }
  }
}
