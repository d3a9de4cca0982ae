package io.sparknorm.spark.functions;

import io.sparknorm.kernels.moments.Moments;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * What a task of a fit has seen: counts of records and faults, and moments once there are any.
 * Travels as bytes in a format of its own; {@link FitAggregate} says why.
 */
final class FitState implements Serializable {
  private static final long serialVersionUID = 1L;

  private long records;
  private long dropped;
  private long added;
  private transient FaultTally faults = new FaultTally();
  private transient Moments moments;

  /** Whether there are many such states at once. */
  private transient boolean spares;

  private transient long bytes;

  /** A state that takes little memory as long as there is little to add. */
  static FitState sparing() {
    FitState state = new FitState();
    state.spares = true;
    return state;
  }

  /** How many bytes more the moments take since they were last asked. */
  long growth() {
    long before = bytes;
    bytes = moments == null ? 0 : moments.bytes();
    return bytes - before;
  }

  /** A state that is at hand, or has travelled. */
  static FitState of(Serializable state) {
    if (state instanceof FitState here) {
      return here;
    }

    FitState read = new FitState();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream((byte[]) state))) {
      read.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return read;
  }

  /** A state of what a part holds. */
  static FitState of(FitPart part) {
    FitState state = new FitState();
    state.records = part.records();
    state.dropped = part.dropped();
    state.added = part.added();
    state.faults = FaultTally.of(part.faults());
    state.moments = part.moments().orElse(null);
    return state;
  }

  /** Counts a record, whatever becomes of it. */
  void count(CheckedTensor tensor, boolean isDropped) {
    records++;
    faults.merge(tensor.faults());
    if (isDropped) {
      dropped++;
    }
  }

  /** Counts records that have no fault and are not dropped. */
  void countFaultless(int number) {
    records += number;
  }

  /** Counts records whose tensors are in the moments. */
  void countAdded(int number) {
    added += number;
  }

  /** The moments, null before the first tensor. */
  Moments moments() {
    return moments;
  }

  /** The moments, made when they are first asked for. */
  Moments moments(int channels) {
    if (moments == null) {
      moments = spares ? Moments.sparing(channels) : new Moments(channels);
    }

    return moments;
  }

  /**
   * Adds all that another state holds.
   *
   * @throws IllegalArgumentException if both have moments, of different numbers of channels
   */
  FitState merge(FitState other) {
    records += other.records;
    dropped += other.dropped;
    added += other.added;
    faults.merge(other.faults);
    if (moments == null) {
      moments = other.moments;
    } else if (other.moments != null) {
      moments.merge(other.moments);
    }

    return this;
  }

  /** The part of some channels, which stay this state's. The counts go with the first ones. */
  FitState slice(int from, int to) {
    FitState slice = new FitState();
    if (from == 0) {
      slice.records = records;
      slice.dropped = dropped;
      slice.added = added;
      slice.faults = faults;
    }

    if (moments != null && from < to) {
      slice.moments = moments.slice(from, to);
    }

    return slice;
  }

  FitPart part() {
    return new FitPart(records, dropped, added, faults.toMap(), Optional.ofNullable(moments));
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }

    return bytes.toByteArray();
  }

  private void write(DataOutput out) throws IOException {
    out.writeLong(records);
    out.writeLong(dropped);
    out.writeLong(added);
    faults.write(out);
    out.writeBoolean(moments != null);
    if (moments != null) {
      moments.write(out);
    }
  }

  private void read(DataInput in) throws IOException {
    records = in.readLong();
    dropped = in.readLong();
    added = in.readLong();
    faults = FaultTally.read(in);
    moments = in.readBoolean() ? Moments.read(in) : null;
  }

  /** What Java writes in place of this. */
  private Object writeReplace() {
    return toBytes();
  }
}
