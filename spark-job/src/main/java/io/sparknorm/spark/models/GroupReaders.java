package io.sparknorm.spark.models;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Files of groups that are read side by side: of each there is one group at a time. */
final class GroupReaders implements Closeable {
  private final List<GroupReader> readers = new ArrayList<>();
  private byte[] digest = new byte[0];

  void add(GroupReader reader) {
    readers.add(reader);
  }

  int count() {
    return readers.size();
  }

  /** Goes on to the key that comes next in the order of the files; false behind the last. */
  boolean next() {
    Optional<byte[]> next =
        readers.stream()
            .filter(reader -> reader.current().isPresent())
            .map(GroupReader::digest)
            .min(Arrays::compareUnsigned);
    next.ifPresent(found -> digest = found);
    return next.isPresent();
  }

  /** The group with this key in one of the files, if it has it; that file goes on then. */
  Optional<GroupEntry> take(int file) throws IOException {
    GroupReader reader = readers.get(file);
    Optional<GroupEntry> current = reader.current();
    if (current.isEmpty() || !Arrays.equals(reader.digest(), digest)) {
      return Optional.empty();
    }

    reader.advance();
    return current;
  }

  /** Closes all files; others may be added. */
  @Override
  public void close() throws IOException {
    IOException first = null;
    for (GroupReader reader : readers) {
      try {
        reader.close();
      } catch (IOException e) {
        first = first == null ? e : first;
      }
    }

    readers.clear();
    if (first != null) {
      throw first;
    }
  }
}
