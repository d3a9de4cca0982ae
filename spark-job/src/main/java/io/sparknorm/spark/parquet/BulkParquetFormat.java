package io.sparknorm.spark.parquet;

import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.immutable.Map;

/**
 * Spark's Parquet with a faster record writer and reader: {@code
 * df.write().format("sparknorm-parquet")}. Top-level columns of floats and doubles, single ones and
 * arrays, are written page by page, all others by parquet-java's column writers. Everything else is
 * Spark's own: the schema and metadata of the files, commit protocols, partitions, buckets and file
 * sizes. Any reader of Parquet reads them.
 *
 * <p>Read through this format, whoever wrote the files, arrays of floats and doubles are taken page
 * by page and all other columns by Spark's vectorised reader. Spark's takes over for all columns of
 * a scan with a filter that may skip pages or of rows in place of batches, and of files that hold
 * the arrays otherwise than in Parquet's three-level form or in an encoding of their own.
 *
 * <p>The options are those of Spark's format and, besides, {@value #BYTE_STREAM_SPLIT}. Where a
 * write option cannot be honoured, Spark's own writer takes over and a line in the log says why.
 *
 * <p>The values of these columns are kept bit by bit, the payload of a NaN included. A null in one
 * that is declared without nulls fails the task.
 */
public final class BulkParquetFormat extends BatchFormat {
  /** The name for {@code format(...)} and {@code USING}. */
  public static final String NAME = "sparknorm-parquet";

  /**
   * Option, true or false (the default): values that do not fit a dictionary are written as streams
   * of their first, second, ... bytes (Parquet's BYTE_STREAM_SPLIT), which compresses better but is
   * not read by every reader: Spark's vectorised one refuses it.
   */
  public static final String BYTE_STREAM_SPLIT = "byte-stream-split";

  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(BulkParquetFormat.class);

  @Override
  public String shortName() {
    return NAME;
  }

  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession session, Job job, Map<String, String> options, StructType rows) {
    OutputWriterFactory standard = super.prepareWrite(session, job, options, rows);
    Configuration conf = job.getConfiguration();
    Optional<String> obstacle = Obstacle.find(rows, conf, session);
    if (obstacle.isPresent()) {
      LOG.info("Spark's own Parquet writer takes over from {}: {}", NAME, obstacle.get());
      return standard;
    }
    return new BulkWriterFactory(standard, flag(options, BYTE_STREAM_SPLIT));
  }

  @Override
  Function1<PartitionedFile, Iterator<InternalRow>> reader(Scan scan, SparkReaders spark) {
    return TensorScan.of(scan, spark);
  }

  private static boolean flag(Map<String, String> options, String name) {
    Option<String> value = options.get(name);
    return value.isDefined() && Boolean.parseBoolean(value.get());
  }
}
