package io.sparknorm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TestLocalFiles {
  @TempDir Path folder;

  private final FileSystem fileSystem = new RawLocalFileSystem();

  @BeforeEach
  void open() throws IOException {
    fileSystem.initialize(fileSystem.getUri(), new Configuration());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "00:00", "ä 東京", "50%", "a%20b", "{a}[b]*?#", "a\\b"})
  void javaFindsWhatHadoopHasMade(String name) throws IOException {
    org.apache.hadoop.fs.Path file = PathBelow.of(below(folder), name);
    fileSystem.create(file).close();

    assertThat(LocalFiles.path(fileSystem, file)).isEqualTo(folder.resolve(name)).exists();
    LocalFiles.deleteIfExists(fileSystem, file);
    LocalFiles.deleteIfExists(fileSystem, file);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void linksAreFollowedAsFarAsThereIsSomething() throws IOException {
    Path place = Files.createDirectory(folder.toRealPath().resolve("place"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), place);

    assertThat(LocalFiles.spellings(below(link.resolve("a/b:c")), new Configuration()))
        .extracting(Object::toString)
        .containsExactly("file:%s/a/b:c".formatted(link), "file:%s/a/b:c".formatted(place));
  }

  @ParameterizedTest
  @CsvSource({
    "/a, /a, true",
    "/a/b/c, /a, true",
    "/ab, /a, false",
    "/a, /a/b, false",
    "/a.parquet, /, true",
    "file:/a.parquet, file:///, true"
  })
  void aFolderHoldsWhatIsBelowIt(String path, String of, boolean isWithin) {
    Configuration hadoop = new Configuration();
    org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(of);

    assertThat(
            LocalFiles.isWithin(
                new org.apache.hadoop.fs.Path(path), LocalFiles.spellings(root, hadoop), hadoop))
        .isEqualTo(isWithin);
  }

  @Test
  void emptyFoldersAloneAreDeleted() throws IOException {
    Files.createFile(folder.resolve("a"));

    assertThatThrownBy(() -> LocalFiles.deleteIfExists(fileSystem, below(folder)))
        .isInstanceOf(java.nio.file.DirectoryNotEmptyException.class);
  }

  private static org.apache.hadoop.fs.Path below(Path folder) {
    return new org.apache.hadoop.fs.Path(null, null, folder.toString());
  }
}
