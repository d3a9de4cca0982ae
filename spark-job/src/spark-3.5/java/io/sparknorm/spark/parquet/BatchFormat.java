package io.sparknorm.spark.parquet;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.Seq;
import scala.collection.immutable.Map;

/** Spark's Parquet with batches that may be made otherwise, for Scala 2.12. */
abstract class BatchFormat extends ParquetFileFormat {
  private static final long serialVersionUID = 1;

  /** What reads files, given what makes Spark's own readers of some of the columns. */
  abstract Function1<PartitionedFile, Iterator<InternalRow>> reader(Scan scan, SparkReaders spark);

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReaderWithPartitionValues(
      SparkSession session,
      StructType data,
      StructType partitions,
      StructType required,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration conf) {
    return reader(
        new Scan(session, required, filters.nonEmpty(), options, conf),
        (columns, ownConf) ->
            super.buildReaderWithPartitionValues(
                session, data, partitions, columns, filters, options, ownConf));
  }

  @Override
  public Option<Seq<String>> vectorTypes(StructType required, StructType partitions, SQLConf conf) {
    return Option.apply(
        TensorSplit.vectorTypes(required, super.vectorTypes(required, partitions, conf).get()));
  }
}
