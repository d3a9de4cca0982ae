package io.sparknorm.spark.functions;

import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/**
 * Adds up the records of one task, each a row of tensors, then of the weights of those columns that
 * have any, and then of the keys of those that have groups. A fault of any column may drop its
 * record for all.
 */
public final class FitTask {
  /** About so many elements of neighbouring records are read at a time: they stay in a cache. */
  private static final int TOGETHER = 1 << 15;

  private final FitColumn<?>[] columns;
  private final CheckedTensor[] tensors;

  /** Of columns without groups. */
  private final FitState[] states;

  /** Of columns with groups, null for others. */
  private final GroupStates[] groups;

  /** Where the weight of a column stands in a row; of no meaning for others. */
  private final int[] weights;

  /** Where the key of a column stands in a row. */
  private final int[] keys;

  private final boolean takesBatches;

  public FitTask(List<FitColumn<?>> columns) {
    this.columns = columns.toArray(FitColumn<?>[]::new);
    this.tensors = new CheckedTensor[this.columns.length];
    this.states = new FitState[this.columns.length];
    this.groups = new GroupStates[this.columns.length];
    this.weights = new int[this.columns.length];
    this.keys = new int[this.columns.length];
    int next = this.columns.length;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = next;
      next += this.columns[i].weight().isOne() ? 0 : 1;
    }

    for (int i = 0; i < states.length; i++) {
      states[i] = new FitState();
      GroupKey key = this.columns[i].grouping().key();
      groups[i] = key.isEmpty() ? null : new GroupStates(key);
      keys[i] = next;
      next += key.size();
    }

    takesBatches = columns.stream().allMatch(FitColumn::takesBatches);
  }

  /** Whether columns can be added as they are: none is weighed, grouped, or added up by record. */
  public boolean takesBatches() {
    return takesBatches;
  }

  /**
   * Adds the records of a batch, as {@link #add(InternalRow)} does: many at a time where all are of
   * one length and without a fault.
   *
   * @throws DataFaultException as there
   */
  public void add(ColumnarBatch batch) {
    int records = batch.numRows();
    for (int from = 0, to; from < records; from = to) {
      to = Math.min(from + recordsTogether(batch, from), records);
      if (to - from == 1 || !addTogether(batch, from, to)) {
        for (int record = from; record < to; record++) {
          add(batch.getRow(record));
        }
      }
    }
  }

  /** How many, if all are as long as the first. */
  private int recordsTogether(ColumnarBatch batch, int first) {
    int longest = 1;
    for (int i = 0; i < columns.length; i++) {
      ColumnVector column = batch.column(i);
      if (!column.isNullAt(first)) {
        longest = Math.max(longest, column.getArray(first).numElements());
      }
    }

    return Math.max(1, TOGETHER / longest);
  }

  private boolean addTogether(ColumnarBatch batch, int from, int to) {
    Elements[] elements = new Elements[columns.length];
    for (int i = 0; i < columns.length; i++) {
      elements[i] = columns[i].readTogether(batch.column(i), from, to);
      if (elements[i] == null) {
        return false;
      }
    }

    for (int i = 0; i < columns.length; i++) {
      columns[i].addTogether(elements[i], to - from, states[i]);
    }

    return true;
  }

  /**
   * Adds a record. One of no weight is counted, and its faults are treated, as of any other.
   *
   * @throws DataFaultException on a fault whose policy is to fail, or on an invalid weight
   */
  public void add(InternalRow row) {
    boolean dropped = false;
    for (int i = 0; i < columns.length; i++) {
      tensors[i] = columns[i].read(row, i);
      dropped |= tensors[i].dropped();
    }

    for (int i = 0; i < columns.length; i++) {
      FitState state = groups[i] == null ? states[i] : groups[i].of(row, keys[i]);
      state.count(tensors[i], dropped);
      long times = columns[i].weight().times(row, weights[i]);
      if (times > 0 && !dropped && !tensors[i].isEmpty()) {
        columns[i].add(tensors[i], times, state);
      }

      if (groups[i] != null) {
        groups[i].grew(state);
      }
    }
  }

  /** The memory, in bytes, that the groups take now. */
  public long groupBytes() {
    long bytes = 0;
    for (GroupStates states : groups) {
      bytes += states == null ? 0 : states.bytes();
    }

    return bytes;
  }

  /** Gives what was found of the groups of one column since this was last called. */
  public Stream<GroupState> takeGroups(int column) {
    return groups[column].take();
  }

  /**
   * What was added of one column, as bytes that {@link FitResult#merge} takes. The counts go with
   * the first channels.
   *
   * @param from the first channel
   * @param to the channel after the last
   */
  public byte[] state(int column, int from, int to) {
    return states[column].slice(from, to).toBytes();
  }
}
