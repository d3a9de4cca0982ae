package io.sparknorm.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.util.NoSuchElementException;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * Spark's batches of the other columns, with the tensors put in. Spark's reader says how many rows
 * a batch has; none crosses the end of a row group.
 */
final class TensorBatches extends AbstractIterator<Object> implements Closeable {
  private final Iterator<?> others;
  private final TensorFileReader tensors;
  private final TensorSplit split;
  private ColumnarBatch ready;
  private boolean isAtEnd;

  TensorBatches(Iterator<?> others, TensorFileReader tensors, TensorSplit split) {
    this.others = others;
    this.tensors = tensors;
    this.split = split;
  }

  /** Reads a batch ahead, as Spark's own reader does: there Spark adds the file to an error. */
  @Override
  public boolean hasNext() {
    if (ready == null) {
      try {
        ready = read();
      } catch (IOException e) {
        throw asItIs(e);
      }
    }
    return ready != null;
  }

  private ColumnarBatch read() throws IOException {
    if (!others.hasNext()) {
      if (!isAtEnd) {
        isAtEnd = true;
        tensors.requireEnd();
        tensors.close();
      }
      return null;
    }
    ColumnarBatch batch = (ColumnarBatch) others.next();
    tensors.read(batch.numRows());
    return new ColumnarBatch(split.join(batch, tensors), batch.numRows());
  }

  @Override
  public ColumnarBatch next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no batch is left");
    }
    ColumnarBatch batch = ready;
    ready = null;
    return batch;
  }

  /** Spark tells by their classes which failures of I/O it may pass over. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException asItIs(Throwable failure) throws E {
    throw (E) failure;
  }

  @Override
  public void close() throws IOException {
    tensors.close();
    if (others instanceof Closeable closeable) {
      closeable.close();
    }
  }
}
