package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.io.Serializable;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** Reads files in batches: tensors in bulk, all other columns by Spark's own reader. */
final class TensorScan extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(TensorScan.class);

  private final TensorSplit split;
  private final Function1<PartitionedFile, Iterator<InternalRow>> all;
  private final Function1<PartitionedFile, Iterator<InternalRow>> others;
  private final Broadcast<SerializableConfiguration> conf;

  private TensorScan(TensorSplit split, Scan scan, SparkReaders spark) {
    this.split = split;
    this.all = spark.of(scan.required(), new Configuration(scan.conf()));
    this.others = spark.of(split.others(), new Configuration(scan.conf()));
    this.conf =
        JavaSparkContext.fromSparkContext(scan.session().sparkContext())
            .broadcast(new SerializableConfiguration(scan.conf()));
  }

  /** Plans a scan; it is all Spark's own where no tensor is read, or not in whole batches. */
  static Function1<PartitionedFile, Iterator<InternalRow>> of(Scan scan, SparkReaders spark) {
    TensorSplit split = TensorSplit.of(scan.required());
    return split.tensors().isEmpty() || !scan.takesWholeBatches()
        ? spark.of(scan.required(), scan.conf())
        : new TensorScan(split, scan, spark);
  }

  @Override
  public Iterator<InternalRow> apply(PartitionedFile file) {
    Optional<TensorFileReader> tensors = open(file);
    return tensors.isPresent() ? batches(file, tensors.get()) : all.apply(file);
  }

  @SuppressWarnings("unchecked") // Spark itself passes batches off as rows
  private Iterator<InternalRow> batches(PartitionedFile file, TensorFileReader tensors) {
    TaskContext task = TaskContext.get();
    if (task != null) {
      task.addTaskCompletionListener((TaskCompletionListener) ended -> tensors.close());
    }
    boolean isOpen = false;
    try {
      Iterator<?> batches = new TensorBatches(others.apply(file), tensors, split);
      isOpen = true;
      return (Iterator<InternalRow>) batches;
    } finally {
      if (!isOpen) {
        tensors.close();
      }
    }
  }

  /** Nothing for a file whose columns are not known here, or which is left to Spark to refuse. */
  private Optional<TensorFileReader> open(PartitionedFile file) {
    try {
      return TensorFileReader.open(file, split.tensors(), conf.value().value());
    } catch (IOException | RuntimeException e) { // parquet-java throws either for what is no file
      LOG.warn(
          "Spark's own Parquet reader takes over for {}: {}", file.urlEncodedPath(), e.toString());
      return Optional.empty();
    }
  }
}
