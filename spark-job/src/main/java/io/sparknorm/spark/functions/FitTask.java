package io.sparknorm.spark.functions;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Adds up the records of one task, each a row of tensors and then of as many weights. A fault of
 * any column may drop its record for all.
 */
public final class FitTask {
  private final FitColumn<?>[] columns;
  private final FitState[] states;
  private final CheckedTensor[] tensors;

  public FitTask(List<FitColumn<?>> columns) {
    this.columns = columns.toArray(FitColumn<?>[]::new);
    this.tensors = new CheckedTensor[this.columns.length];
    this.states = new FitState[this.columns.length];
    for (int i = 0; i < states.length; i++) {
      states[i] = new FitState();
    }
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
      states[i].count(tensors[i], dropped);
      long times = columns[i].weight().times(row, columns.length + i);
      if (times > 0 && !dropped && !tensors[i].isEmpty()) {
        columns[i].add(tensors[i], times, states[i]);
      }
    }
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
