package io.sparknorm.spark;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file on the driver's disk for what would fill its memory. It has no name from the start where
 * the system allows that, and is gone when it is closed or nobody refers to it any more.
 */
public final class ScratchFile implements Closeable {
  private static final int BUFFER = 1 << 16;

  private final FileChannel file;
  private final DataOutputStream out;

  public ScratchFile() throws IOException {
    Path path = Files.createTempFile("sparknorm-moments-", ".bin");
    file =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(file), BUFFER));
  }

  /** Where to write. */
  public DataOutputStream out() {
    return out;
  }

  /** How many bytes were written and flushed. */
  public long size() throws IOException {
    return file.size();
  }

  /** Copies all that was written and flushed. */
  public void copyTo(DataOutput to) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    for (long at = 0; at < file.size(); at += buffer.position()) {
      file.read(buffer.clear(), at);
      to.write(buffer.array(), 0, buffer.position());
    }
  }

  /** Reads all that was written and flushed; to close this is to delete the file. */
  public InputStream in() throws IOException {
    file.position(0);
    return new BufferedInputStream(Channels.newInputStream(file), BUFFER);
  }

  /** Deletes it, whatever has not been flushed. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
