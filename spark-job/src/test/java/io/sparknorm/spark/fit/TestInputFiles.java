package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.Sha256;
import io.sparknorm.spark.models.InputIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tells a file from the one that takes its place. */
class TestInputFiles {
  @TempDir Path folder;

  /** Local files with what S3 has beside times: a digest of the content. */
  public static final class Tagged extends RawLocalFileSystem {
    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      FileStatus[] found = super.listStatus(path);
      FileStatus[] tagged = new FileStatus[found.length];
      for (int i = 0; i < found.length; i++) {
        Path file = Path.of(found[i].getPath().toUri().getPath());
        tagged[i] = new Status(found[i], Sha256.of(Files.readString(file)));
      }

      return tagged;
    }

    private static final class Status extends FileStatus implements EtagSource {
      private static final long serialVersionUID = 1L;

      private final String etag;

      Status(FileStatus status, String etag) throws IOException {
        super(status);
        this.etag = etag;
      }

      @Override
      public String getEtag() {
        return etag;
      }
    }
  }

  private InputIdentity identity(
      Class<? extends FileSystem> fileSystem, String content, String time) throws IOException {
    Path file = Files.writeString(folder.resolve("part"), content);
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse(time)));
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.file.impl", fileSystem, FileSystem.class);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    return InputFiles.identify(new String[] {file.toUri().toString()}, "there", false, hadoop);
  }

  @Test
  void filesAreToldByNameLengthAndTime() throws IOException {
    InputIdentity first = identity(RawLocalFileSystem.class, "aaaa", "2026-11-01T00:00:00Z");

    assertThat(identity(RawLocalFileSystem.class, "aaaa", "2026-11-01T00:00:00Z")).isEqualTo(first);
    assertThat(identity(RawLocalFileSystem.class, "aaaaa", "2026-11-01T00:00:00Z").digest())
        .isNotEqualTo(first.digest());
    assertThat(identity(RawLocalFileSystem.class, "aaaa", "2026-11-01T00:00:00.001Z").digest())
        .isNotEqualTo(first.digest());
  }

  @Test
  void tagsTellContentsOfTheSameLengthAndTime() throws IOException {
    InputIdentity first = identity(Tagged.class, "aaaa", "2026-11-01T00:00:00Z");
    InputIdentity other = identity(Tagged.class, "bbbb", "2026-11-01T00:00:00Z");

    assertThat(first.files()).hasSize(1);
    assertThat(other.digest()).isNotEqualTo(first.digest());
    assertThat(other.files()).isNotEqualTo(first.files());
    assertThat(identity(Tagged.class, "aaaa", "2026-11-01T00:00:00Z")).isEqualTo(first);
  }
}
