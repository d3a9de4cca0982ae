package io.sparknorm.spark.parquet;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.collection.Iterator;

/** Makes Spark's own readers. */
interface SparkReaders {
  /**
   * Makes one.
   *
   * @param conf which Spark changes, and keeps
   */
  Function1<PartitionedFile, Iterator<InternalRow>> of(StructType columns, Configuration conf);
}
