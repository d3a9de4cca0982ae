package io.sparknorm.spark.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparknorm.spark.ExclusiveFile;
import io.sparknorm.spark.ReplaceableFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exclusive and replaceable files on real servers, of which S3 honours {@code If-None-Match}. */
@Tag("faults")
class TestFilesOnServers {
  private static final String CONDITIONAL = "fs.option.create.conditional.overwrite";

  @TempDir java.nio.file.Path folder;

  @Test
  void ofWritersThatHaveBegunTheFirstToEndWins() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder);
        FileSystem client = s3.s3Client(Map.of())) {
      Path key = new Path(s3.root(), "store/m/v=1/manifest.json");
      FSDataOutputStream one = begin(client, key, "one");
      FSDataOutputStream other = begin(client, key, "other");

      other.close();
      assertThatThrownBy(one::close).isInstanceOf(IOException.class).hasMessageContaining("412");

      assertThat(read(client, key)).isEqualTo("other");
      assertThat(ExclusiveFile.create(client, key, out -> out.write("late".getBytes(UTF_8))))
          .isEmpty();
      assertThat(ExclusiveFile.create(client, key, out -> out.write("other".getBytes(UTF_8))))
          .isPresent();
    }
  }

  /** What a client does that is older, and which this project can only warn of. */
  @Test
  void withoutTheConditionTheLastToEndWins() throws IOException {
    try (StorageServer s3 = StorageServer.s3(folder);
        FileSystem client = s3.s3Client(Map.of("fs.s3a.create.conditional.enabled", "false"))) {
      Path key = new Path(s3.root(), "store/m/v=1/manifest.json");
      FSDataOutputStream one = begin(client, key, "one");
      FSDataOutputStream other = begin(client, key, "other");

      other.close();
      one.close();

      assertThat(read(client, key)).isEqualTo("one");
    }
  }

  @Test
  void writersOnHdfsThatTakeEachOthersFileForAKilledOnesAllSucceed() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try (StorageServer hdfs = StorageServer.hdfs(folder)) {
      Path target = new Path(hdfs.root(), "team/run-status.json");
      FileSystem client = target.getFileSystem(new Configuration());
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        writers.add(
            pool.submit(
                () -> {
                  ReplaceableFile.write(client, target, "hello".getBytes(UTF_8));
                  return null;
                }));
      }

      for (Future<?> writer : writers) {
        writer.get();
      }

      assertThat(read(client, target)).isEqualTo("hello");
      assertThat(client.listStatus(target.getParent())).hasSize(1);
    } finally {
      pool.shutdownNow();
    }
  }

  /** Begins an object as {@link ExclusiveFile} does. */
  private static FSDataOutputStream begin(FileSystem client, Path key, String content)
      throws IOException {
    FSDataOutputStreamBuilder<? extends FSDataOutputStream, ?> object = client.createFile(key);
    object.recursive().overwrite(false);
    if (client.hasPathCapability(key, CONDITIONAL)) {
      object.opt(CONDITIONAL, true);
    }

    FSDataOutputStream out = object.build();
    out.write(content.getBytes(UTF_8));
    return out;
  }

  private static String read(FileSystem client, Path key) throws IOException {
    try (InputStream in = client.open(key)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
