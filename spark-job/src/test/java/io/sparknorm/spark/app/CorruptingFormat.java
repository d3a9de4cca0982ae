package io.sparknorm.spark.app;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Map;

/** Parquet, but for what happens to the rows on their way to the file: {@code corrupting}. */
public final class CorruptingFormat extends ParquetFileFormat {
  /** What becomes of a row whose second column is a tensor of floats; null loses it. */
  @FunctionalInterface
  interface Damage {
    InternalRow done(InternalRow row, UnsafeArrayData tensor);
  }

  static final AtomicReference<Damage> DAMAGE = new AtomicReference<>();

  /** The records of a batch, as they were set whenever files were about to be read. */
  static final Set<String> BATCHES = ConcurrentHashMap.newKeySet();

  private static final long serialVersionUID = 1;

  @Override
  public boolean supportBatch(SparkSession session, StructType rows) {
    BATCHES.add(session.conf().get("spark.sql.parquet.columnarReaderBatchSize"));
    return super.supportBatch(session, rows);
  }

  @Override
  public String shortName() {
    return "corrupting";
  }

  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession session, Job job, Map<String, String> options, StructType rows) {
    return new Factory(super.prepareWrite(session, job, options, rows));
  }

  private static final class Factory extends OutputWriterFactory {
    private static final long serialVersionUID = 1;

    private final OutputWriterFactory standard;

    Factory(OutputWriterFactory standard) {
      this.standard = standard;
    }

    @Override
    public String getFileExtension(TaskAttemptContext context) {
      return standard.getFileExtension(context);
    }

    @Override
    public OutputWriter newInstance(String path, StructType rows, TaskAttemptContext context) {
      return new Writer(standard.newInstance(path, rows, context));
    }
  }

  private static final class Writer extends OutputWriter {
    private final OutputWriter standard;

    Writer(OutputWriter standard) {
      this.standard = standard;
    }

    @Override
    public void write(InternalRow row) {
      InternalRow copy = row.copy();
      InternalRow damaged =
          copy.isNullAt(1) ? copy : DAMAGE.get().done(copy, (UnsafeArrayData) copy.getArray(1));
      if (damaged != null) {
        standard.write(damaged);
      }
    }

    @Override
    public void close() {
      standard.close();
    }

    @Override
    public String path() {
      return standard.path();
    }
  }
}
