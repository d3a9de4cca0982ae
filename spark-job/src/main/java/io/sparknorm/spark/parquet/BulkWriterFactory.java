package io.sparknorm.spark.parquet;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.hadoop.codec.CodecConfig;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.types.StructType;

/** Makes a task's writers, in the place of Spark's own factory. */
final class BulkWriterFactory extends OutputWriterFactory {
  private static final long serialVersionUID = 1;

  private final OutputWriterFactory standard;
  private final boolean byteStreamSplit;

  BulkWriterFactory(OutputWriterFactory standard, boolean byteStreamSplit) {
    this.standard = standard;
    this.byteStreamSplit = byteStreamSplit;
  }

  @Override
  public String getFileExtension(TaskAttemptContext context) {
    return standard.getFileExtension(context);
  }

  @Override
  public OutputWriter newInstance(String path, StructType rows, TaskAttemptContext context) {
    Configuration conf = context.getConfiguration();
    try {
      return new BulkOutputWriter(
          path,
          rows,
          WriterSettings.from(conf, byteStreamSplit),
          CodecConfig.from(context).getCodec(),
          conf);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
