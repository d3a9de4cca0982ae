package io.sparknorm.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonConfigurationKeysPublic;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/**
 * A file that knows its open stream, so that a failed writer can close it: parquet-java 1.13 closes
 * it only together with a footer. The stream has the buffer that the configuration asks for, 64 KiB
 * in Spark; parquet-java takes 4 KiB, which makes sixteen times as many calls of a local disk.
 */
final class TrackedOutputFile implements OutputFile, Closeable {
  private final HadoopOutputFile file;
  private final FileSystem files;
  private final Path path;
  private final int bufferSize;
  private FSDataOutputStream stream;

  TrackedOutputFile(Path path, Configuration conf) throws IOException {
    file = HadoopOutputFile.fromPath(path, conf);
    files = path.getFileSystem(conf);
    this.path = files.makeQualified(path);
    bufferSize =
        Math.max(
            CommonConfigurationKeysPublic.IO_FILE_BUFFER_SIZE_DEFAULT,
            conf.getInt(CommonConfigurationKeysPublic.IO_FILE_BUFFER_SIZE_KEY, 0));
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) throws IOException {
    return create(blockSizeHint, false);
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
    return create(blockSizeHint, true);
  }

  private PositionOutputStream create(long blockSizeHint, boolean overwrites) throws IOException {
    long blockSize = Math.max(files.getDefaultBlockSize(path), blockSizeHint);
    short replication = files.getDefaultReplication(path);
    stream = files.create(path, overwrites, bufferSize, replication, blockSize);
    return HadoopStreams.wrap(stream);
  }

  @Override
  public boolean supportsBlockSize() {
    return file.supportsBlockSize();
  }

  @Override
  public long defaultBlockSize() {
    return file.defaultBlockSize();
  }

  @Override
  public String getPath() {
    return file.getPath();
  }

  /**
   * Closes Hadoop's own stream, if it was ever opened, which bears to be closed twice: that of
   * parquet-java 1.14 and 1.15 flushes it once more, which HDFS refuses.
   */
  @Override
  public void close() throws IOException {
    if (stream != null) {
      stream.close();
    }
  }
}
