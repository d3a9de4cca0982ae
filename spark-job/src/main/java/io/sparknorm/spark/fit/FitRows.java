package io.sparknorm.spark.fit;

import io.sparknorm.spark.functions.FitColumn;
import io.sparknorm.spark.functions.FitTask;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * What a task of a fit sends: its states, under the bytes that {@link FitParts} gives, each made
 * bytes of when it is asked for. Groups that take more memory than they may are sent on the way,
 * and begin anew; all others when the last record has been read.
 */
final class FitRows implements Iterator<Tuple2<byte[], byte[]>> {
  private final Iterator<Records> records;
  private final FitParts parts;
  private final int dataset;
  private final long groupBytes;
  private final FitTask task;
  private final Deque<Iterator<Tuple2<byte[], byte[]>>> pending = new ArrayDeque<>();
  private Iterator<InternalRow> rows = Collections.emptyIterator();
  private boolean isAtEnd;

  /**
   * @param dataset the number of the dataset that the records are of
   * @param groupBytes the memory that groups may take
   */
  FitRows(
      Iterator<Records> records,
      List<FitColumn<?>> columns,
      FitParts parts,
      int dataset,
      long groupBytes) {
    this.records = records;
    this.parts = parts;
    this.dataset = dataset;
    this.groupBytes = groupBytes;
    this.task = new FitTask(columns);
  }

  @Override
  public boolean hasNext() {
    while (!isAtEnd || !pending.isEmpty()) {
      if (pending.isEmpty()) {
        readOn();
      } else if (pending.element().hasNext()) {
        return true;
      } else {
        pending.remove();
      }
    }

    return false;
  }

  @Override
  public Tuple2<byte[], byte[]> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }

    return pending.element().next();
  }

  private void readOn() {
    while (hasRow() && task.groupBytes() <= groupBytes) {
      task.add(rows.next());
    }

    parts.grouped().forEach(column -> pending.add(groups(column)));
    isAtEnd = !hasRow();
    if (isAtEnd) {
      pending.add(blocks());
    }
  }

  /** Whether there is a record that has not been added with others. */
  private boolean hasRow() {
    while (!rows.hasNext() && records.hasNext()) {
      Records next = records.next();
      if (next instanceof Records.Batch batch && task.takesBatches()) {
        task.add(batch.columns());
      } else {
        rows = next.rows();
      }
    }

    return rows.hasNext();
  }

  private Iterator<Tuple2<byte[], byte[]>> groups(int column) {
    return task.takeGroups(column)
        .map(group -> new Tuple2<>(parts.ofGroup(dataset, column, group.key()), group.toBytes()))
        .iterator();
  }

  private Iterator<Tuple2<byte[], byte[]>> blocks() {
    return IntStream.range(0, parts.blocks().size())
        .mapToObj(
            number -> {
              ChannelBlock block = parts.blocks().get(number);
              return new Tuple2<>(
                  parts.ofBlock(dataset, number),
                  task.state(block.column(), block.from(), block.to()));
            })
        .iterator();
  }
}
