package io.sparknorm.spark.models;

import io.sparknorm.kernels.moments.ExactState;
import io.sparknorm.kernels.moments.Moments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The exact state of each partition that went into a version, so that the next fit need not scan it
 * again: the file {@code partitions-<run>.bin}, format version 1.
 *
 * @param basis what the states depend on besides the files: 64 lower-case hexadecimal digits
 * @param partitions none twice
 */
public record PartitionStates(String basis, List<PartitionState> partitions) {
  private static final int MAGIC = 'S' << 24 | 'N' << 16 | 'P' << 8 | 'S';
  private static final int VERSION = 1;
  private static final int NO_MOMENTS = -1;

  /**
   * The state of one partition.
   *
   * @param name the value of the partition column, as folders have it
   * @param files SHA-256 of its files' names, lengths, modification times and, where a store has
   *     them, ETags
   * @param state the moments as {@link Moments#write} writes them, a fraction of what they take in
   *     memory; none where no record has a tensor
   */
  public record PartitionState(
      String name, String files, RecordCounts counts, Optional<byte[]> state) {
    /** The state of a partition with these moments. */
    public static PartitionState of(
        String name, String files, RecordCounts counts, Optional<ExactState> moments) {
      return new PartitionState(name, files, counts, moments.map(PartitionState::bytes));
    }

    private static byte[] bytes(ExactState moments) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (DataOutputStream out = new DataOutputStream(bytes)) {
        moments.write(out);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }

      return bytes.toByteArray();
    }

    public Optional<Moments> moments() {
      return state.map(PartitionState::read);
    }

    private static Moments read(byte[] state) {
      try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(state))) {
        return Moments.read(in);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  public PartitionStates {
    partitions = List.copyOf(partitions);
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(MAGIC);
    out.writeInt(VERSION);
    out.writeUTF(basis);
    out.writeInt(partitions.size());
    for (PartitionState partition : partitions) {
      out.writeUTF(partition.name());
      out.writeUTF(partition.files());
      write(partition.counts(), out);
      out.writeInt(partition.state().map(state -> state.length).orElse(NO_MOMENTS));
      if (partition.state().isPresent()) {
        out.write(partition.state().get());
      }
    }
  }

  private static void write(RecordCounts counts, DataOutput out) throws IOException {
    out.writeLong(counts.records());
    out.writeLong(counts.dropped());
    out.writeInt(counts.faults().size());
    for (Map.Entry<String, Long> fault : counts.faults().entrySet()) {
      out.writeUTF(fault.getKey());
      out.writeLong(fault.getValue());
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException if the bytes are anything else
   */
  static PartitionStates read(DataInput in) throws IOException {
    try {
      int magic = in.readInt();
      int version = in.readInt();
      if (magic != MAGIC || version != VERSION) {
        throw new IllegalArgumentException(
            "expected states of partitions of format version %d, found %08x version %d"
                .formatted(VERSION, magic, version));
      }

      String basis = in.readUTF();
      List<PartitionState> partitions = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        partitions.add(
            new PartitionState(in.readUTF(), in.readUTF(), readCounts(in), readState(in)));
      }

      return new PartitionStates(basis, partitions);
    } catch (EOFException e) {
      throw new IllegalArgumentException("the states of partitions end too early", e);
    }
  }

  private static RecordCounts readCounts(DataInput in) throws IOException {
    long records = in.readLong();
    long dropped = in.readLong();
    Map<String, Long> faults = new TreeMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      faults.put(in.readUTF(), in.readLong());
    }

    return new RecordCounts(records, dropped, faults);
  }

  private static Optional<byte[]> readState(DataInput in) throws IOException {
    int length = in.readInt();
    if (length == NO_MOMENTS) {
      return Optional.empty();
    }

    if (length < 0) {
      throw new IllegalArgumentException(
          "the moments of a partition have %d bytes".formatted(length));
    }

    byte[] state = new byte[length];
    in.readFully(state);
    return Optional.of(state);
  }
}
