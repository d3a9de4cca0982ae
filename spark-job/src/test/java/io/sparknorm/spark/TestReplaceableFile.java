package io.sparknorm.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestReplaceableFile {
  @TempDir java.nio.file.Path folder;

  private final Configuration hadoop = ConditionalStore.configuration();

  @BeforeEach
  void mountFolderInViewFileSystem() {
    hadoop.setBoolean("fs.viewfs.impl.disable.cache", true);
    hadoop.set("fs.viewfs.mounttable.default.link./store", folder.toUri().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs", "s3a"})
  void theLastContentStays(String scheme) throws IOException {
    Path target = path(scheme, "a/alias.json");

    write(target, "good morning");
    assertThat(read(target)).isEqualTo("good morning");
    write(target, "good bye");

    assertThat(read(target)).isEqualTo("good bye");
    try (Stream<java.nio.file.Path> files = Files.list(folder.resolve("a"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(file -> !file.endsWith(".crc"))
          .containsExactly("alias.json");
    }
  }

  @ParameterizedTest
  @CsvSource({"file, alias.json", "file, 10:00.json", "viewfs, alias.json"})
  void removesWhatAKilledWriterHasLeft(String scheme, String name) throws IOException {
    Path target = path(scheme, name);
    Files.createFile(folder.resolve(ExclusiveFile.temporaryName(name)));
    java.nio.file.Path other =
        Files.createFile(folder.resolve(ExclusiveFile.temporaryName("other." + name)));

    write(target, "hello");

    assertThat(folder.resolve(name)).content().isEqualTo("hello");
    try (Stream<java.nio.file.Path> files = Files.list(folder)) {
      assertThat(files)
          .filteredOn(file -> !file.toString().endsWith(".crc"))
          .containsExactlyInAnyOrder(folder.resolve(name), other);
    }
  }

  @Test
  void writersThatTakeEachOthersFileForAKilledOnesAllSucceed() throws Exception {
    Path target = path("file", "alias.json");
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try {
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        writers.add(
            pool.submit(
                () -> {
                  write(target, "hello");
                  return null;
                }));
      }

      for (Future<?> writer : writers) {
        writer.get();
      }
    } finally {
      pool.shutdownNow();
    }

    assertThat(read(target)).isEqualTo("hello");
  }

  @Test
  void takesThePlaceOfAFileThatHadoopHasWrittenWithAChecksum() throws IOException {
    Path target = path("file", "alias.json");
    try (OutputStream out = target.getFileSystem(hadoop).create(target)) {
      out.write("something else".getBytes(UTF_8));
    }

    write(target, "hello");

    assertThat(read(target)).isEqualTo("hello");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "s3a"})
  void aReaderSeesAWholeContentWhoeverWrites(String scheme) throws Exception {
    Path target = path(scheme, "alias.json");
    write(target, "a".repeat(10_000));
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      Future<?> writers =
          pool.submit(
              () -> {
                for (int i = 0; i < 100; i++) {
                  write(target, (i % 2 == 0 ? "b" : "a").repeat(10_000 + i % 2));
                }

                return null;
              });
      while (!writers.isDone()) {
        assertThat(read(target)).matches("a{10000,10001}|b{10000}");
      }

      writers.get();
    } finally {
      pool.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "viewfs"})
  void aFileTakesThePlaceOfAnOlderOneUnlessItIsGone(String scheme) throws IOException {
    Path staged = path(scheme, "staged.json");
    Path target = path(scheme, "target.json");
    FileSystem fileSystem = target.getFileSystem(hadoop);
    write(staged, "new");
    write(target, "old");

    ReplaceableFile.move(fileSystem, staged, target);

    assertThat(read(target)).isEqualTo("new");
    assertThatThrownBy(() -> ReplaceableFile.move(fileSystem, staged, target))
        .isInstanceOf(FileNotFoundException.class);
  }

  private Path path(String scheme, String name) {
    return switch (scheme) {
      case "viewfs" -> new Path("viewfs:///store/" + name);
      case "s3a" -> new Path("s3a://bucket" + folder.resolve(name));
      default -> new Path(folder.resolve(name).toUri());
    };
  }

  private void write(Path target, String text) throws IOException {
    ReplaceableFile.write(target.getFileSystem(hadoop), target, text.getBytes(UTF_8));
  }

  private String read(Path file) throws IOException {
    try (InputStream in = file.getFileSystem(hadoop).open(file)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
